/// What the author of a split driver compiles against: `include/xen/xenbus.h`.
@NullMarked
package dev.xenbus.api.spi;

import org.jspecify.annotations.NullMarked;
