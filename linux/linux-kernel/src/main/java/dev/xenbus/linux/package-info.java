/// One kernel instance, dom0's or a guest's: parameters, printk, /proc, /sys, modules, hung tasks,
/// the stall injector.
@NullMarked
package dev.xenbus.linux;

import org.jspecify.annotations.NullMarked;
