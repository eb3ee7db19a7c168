package dev.xenbus.xs.watch;

import dev.xenbus.abi.Domid;

/// An event that waits for its callback. Mirrors `struct xs_watch_event`.
///
/// @param watch whose callback it is for
/// @param path what changed
/// @param owner the guest whose thread it was routed to; `DOM0` for the default thread
/// @param arrivalNanos when it came, since boot
public record QueuedEvent(RegisteredWatch watch, String path, Domid owner, long arrivalNanos) {}
