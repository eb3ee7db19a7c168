/// The commands that this module gives to dom0's console.
@NullMarked
package dev.xenbus.scenarios.command;

import org.jspecify.annotations.NullMarked;
