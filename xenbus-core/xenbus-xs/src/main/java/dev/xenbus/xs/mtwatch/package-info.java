/// Multithreaded xenwatch: a thread for each guest. Not loaded unless the kernel was booted with
/// `xen_mtwatch`.
///
/// Start with [MtwatchDispatcher], the series of September 2018; [SummitDispatcher] is the earlier
/// version, kept with its known faults for comparison.
@NullMarked
package dev.xenbus.xs.mtwatch;

import org.jspecify.annotations.NullMarked;
