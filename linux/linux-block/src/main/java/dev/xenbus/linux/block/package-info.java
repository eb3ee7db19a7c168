/// A kernel's block core: disks, request tags, loop devices over image files.
@NullMarked
package dev.xenbus.linux.block;

import org.jspecify.annotations.NullMarked;
