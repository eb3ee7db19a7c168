/// The commands of dom0's console that belong to no other module.
@NullMarked
package dev.xenbus.emulator.command;

import org.jspecify.annotations.NullMarked;
