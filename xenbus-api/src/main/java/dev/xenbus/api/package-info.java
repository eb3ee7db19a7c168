/// What the author of a split driver compiles against: `include/xen/xenbus.h`.
///
/// Start with [XenbusDevice], then the package `spi`.
@NullMarked
package dev.xenbus.api;

import org.jspecify.annotations.NullMarked;
