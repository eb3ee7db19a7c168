/// The `xenemu` command: options, console, demo.
@NullMarked
package dev.xenbus.launcher;

import org.jspecify.annotations.NullMarked;
