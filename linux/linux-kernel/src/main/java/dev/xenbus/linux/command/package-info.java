/// Commands that show or change what a kernel knows, found by [java.util.ServiceLoader].
@NullMarked
package dev.xenbus.linux.command;

import org.jspecify.annotations.NullMarked;
