/// The network backend: `drivers/net/xen-netback`.
@NullMarked
package dev.xenbus.netback;

import org.jspecify.annotations.NullMarked;
