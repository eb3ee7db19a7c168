/// One kernel's way to the store: requests, the ring, watches and the threads that run their
/// callbacks. Mirrors `drivers/xen/xenbus/xenbus_xs.c` and `xenbus_comms.c`.
///
/// Start with [XenbusXs], then [RequestChannel] (a request's life), [ReplyReader] (the thread
/// `xenbus`), the package `watch` (which thread runs an event) and the package `mtwatch`.
///
/// Locks, outermost first (names of the kernel):
/// 1. `xenwatch_mutex`       mainline only: held while a callback runs, and so anything else inside
/// 2. `xs_response_mutex`    from a message's first header byte until it was dispatched; suspended
/// 3. `xs_watch_rwsem`       read: (un)registering a watch; write: the suspended window
/// 4. `xb_write_mutex`       requests waiting to be written or answered
/// 5. `watches_lock`         the registered watches
/// 6. `mtwatch_domain_lock`  mtwatch only: the table of guests with a queue of their own
/// 7. `watch_events_lock`    one queue of events and what its thread runs now
/// 8. `mtwatch_wait_lock`    mtwatch only: who waits for whose callback
/// 9. `xs_state_lock`        leaf: the count of users and the suspend flag
///
/// Who takes `xs_watch_rwsem` for reading is counted as a user of the store before: see
/// [SuspendGate]. The spin locks (5 to 9) are held for moments; nothing is sent to the store under
/// them.
@NullMarked
package dev.xenbus.xs;

import org.jspecify.annotations.NullMarked;
