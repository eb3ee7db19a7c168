/// A kernel's view of Xen: its grant table and its event channels, `drivers/xen/grant-table.c` and
/// `drivers/xen/events`.
@NullMarked
package dev.xenbus.linux.xen;

import org.jspecify.annotations.NullMarked;
