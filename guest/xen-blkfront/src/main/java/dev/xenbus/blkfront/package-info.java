/// The block frontend: `drivers/block/xen-blkfront.c`.
@NullMarked
package dev.xenbus.blkfront;

import org.jspecify.annotations.NullMarked;
