package dev.xenbus.xenstored.store;

/// A transaction that was started and not ended.
sealed interface OpenTransaction permits Transaction, OcamlTransaction {
  int id();

  Client client();

  /// Gives back what it counts for. Called once, at its end.
  void release();
}
