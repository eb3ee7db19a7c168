package dev.xenbus.api;

/// A registered watch (`struct xenbus_watch`).
public interface XenbusWatch extends AutoCloseable {
  /// Returns the watched path.
  String path();

  /// Unregisters (`unregister_xenbus_watch`): once this returns the callback runs on no thread and
  /// never will, unless the caller is that callback itself; then it never starts again. May be
  /// called twice.
  @Override
  void close();
}
