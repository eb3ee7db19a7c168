package dev.xenbus.xenstore.client;

/// Something happened to a watched path.
///
/// @param path what happened to: the watched path or one below, spelled as the watch was
/// @param token the token of the watch
public record WatchEvent(String path, String token) {}
