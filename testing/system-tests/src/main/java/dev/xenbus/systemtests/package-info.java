/// Tests that boot the whole, and the rules of architecture.
@NullMarked
package dev.xenbus.systemtests;

import org.jspecify.annotations.NullMarked;
