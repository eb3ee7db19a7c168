/// What the author of a split driver implements: a provider, and an instance for each device.
@NullMarked
package dev.xenbus.api.spi;

import org.jspecify.annotations.NullMarked;
