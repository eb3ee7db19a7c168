/// A whole dom0 with its guests, as a library.
///
/// Start with [Emulator], which boots a [Dom0] on a machine.
@NullMarked
package dev.xenbus.emulator;

import org.jspecify.annotations.NullMarked;
