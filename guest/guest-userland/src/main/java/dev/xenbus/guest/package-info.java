/// What runs in a guest once its kernel has booted. Start with [GuestInit].
@NullMarked
package dev.xenbus.guest;

import org.jspecify.annotations.NullMarked;
