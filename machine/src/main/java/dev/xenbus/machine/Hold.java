package dev.xenbus.machine;

/// Something that an injector holds on purpose. While any hold exists, a hung task is only
/// reported and a simulated run goes on.
public interface Hold extends AutoCloseable {
  /// Returns what is held.
  String what();

  /// Lets it go. May be called twice.
  @Override
  void close();
}
