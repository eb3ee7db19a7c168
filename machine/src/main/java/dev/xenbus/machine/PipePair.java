package dev.xenbus.machine;

/// The two ends of a local byte stream.
///
/// @param a one end
/// @param b the other end
public record PipePair(Pipe a, Pipe b) {}
