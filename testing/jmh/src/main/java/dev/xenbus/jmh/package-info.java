/// Micro benchmarks.
@NullMarked
package dev.xenbus.jmh;

import org.jspecify.annotations.NullMarked;
