/// The rim of the daemon: one loop that serves rings, pipes and Unix sockets in turn.
///
/// Start at [ServerLoop], then [Endpoint] and its kinds. Everything here is exclusive to the task
/// `xenstored`, but for what is said to be called from elsewhere.
@NullMarked
package dev.xenbus.xenstored.server;

import org.jspecify.annotations.NullMarked;
