/// A kernel's view of Xen: its pages, its grant table and its event channels,
/// `drivers/xen/grant-table.c` and `drivers/xen/events`.
///
/// Start with [XenPlatform]: one of them a kernel.
///
/// Short sections that touch tables alone are under raw spin locks, which are no scheduling points;
/// no primitive of the machine and no foreign code is called while one is held. None of them nests.
@NullMarked
package dev.xenbus.linux.xen;

import org.jspecify.annotations.NullMarked;
