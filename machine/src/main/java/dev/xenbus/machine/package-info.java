/// The ground: threads, locks, time and randomness, live or simulated.
@NullMarked
package dev.xenbus.machine;

import org.jspecify.annotations.NullMarked;
