/// The network frontend: `drivers/net/xen-netfront.c`.
@NullMarked
package dev.xenbus.netfront;

import org.jspecify.annotations.NullMarked;
