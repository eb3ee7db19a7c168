/// The console daemon (`tools/console/daemon`). Start with [Xenconsoled]; [Consoles] is what others
/// see of it.
///
/// Lock order: the table of consoles, then one console. Neither is held while the store or the
/// hypervisor is asked.
@NullMarked
package dev.xenbus.xenconsoled;

import org.jspecify.annotations.NullMarked;
