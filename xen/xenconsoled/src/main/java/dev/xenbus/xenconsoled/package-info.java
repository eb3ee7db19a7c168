/// The console daemon: serves the console rings of the guests, `tools/console`.
@NullMarked
package dev.xenbus.xenconsoled;

import org.jspecify.annotations.NullMarked;
