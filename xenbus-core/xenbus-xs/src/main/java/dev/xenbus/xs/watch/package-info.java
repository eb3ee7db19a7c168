/// Registered watches, their queued events, and which thread runs an event. Closed; the lock order
/// is in the package `dev.xenbus.xs`.
@NullMarked
package dev.xenbus.xs.watch;

import org.jspecify.annotations.NullMarked;
