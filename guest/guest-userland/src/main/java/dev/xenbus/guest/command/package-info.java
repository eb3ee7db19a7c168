/// The commands of a guest's console, found by [java.util.ServiceLoader].
@NullMarked
package dev.xenbus.guest.command;

import org.jspecify.annotations.NullMarked;
