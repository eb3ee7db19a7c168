package dev.xenbus.api;

/// An open transaction of a kernel user (`struct xenbus_transaction`).
///
/// @param id the store's id; 0 is no transaction (`XBT_NIL`)
public record XenbusTransaction(int id) {
  /// No transaction.
  public static final XenbusTransaction NONE = new XenbusTransaction(0);
}
