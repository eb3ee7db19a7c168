/// What a driver may use beside xenbus: pages, grants, event channels, net devices, block requests,
/// printk, sysfs.
@NullMarked
package dev.xenbus.linux.api;

import org.jspecify.annotations.NullMarked;
