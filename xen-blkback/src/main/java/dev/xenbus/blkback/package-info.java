/// The block backend: `drivers/block/xen-blkback`.
@NullMarked
package dev.xenbus.blkback;

import org.jspecify.annotations.NullMarked;
