package dev.xenbus.xenstore.client;

/// The result of a request that has nothing to tell but that it was done.
public enum Ok {
  /// It was done.
  OK
}
