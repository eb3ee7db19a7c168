/// Requests, the ring to the store, `xenwatch` and mtwatch: `xenbus_xs.c`, `xenbus_comms.c`.
@NullMarked
package dev.xenbus.xs;

import org.jspecify.annotations.NullMarked;
