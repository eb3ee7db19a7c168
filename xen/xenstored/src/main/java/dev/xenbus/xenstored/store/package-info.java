/// The pure store: requests in, replies and watch events out; no threads, no I/O, no clock.
///
/// Start at [Store], then [Tree] and [Node], [Transaction], [WatchTable], [Domain]. Everything here
/// belongs to the one thread that calls [Store]; what is immutable says so.
@NullMarked
package dev.xenbus.xenstored.store;

import org.jspecify.annotations.NullMarked;
