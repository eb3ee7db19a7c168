/// The composition root as a library: Guice wires a whole dom0 with its guests.
@NullMarked
package dev.xenbus.emulator;

import org.jspecify.annotations.NullMarked;
