/// The block protocol (`xen/include/public/io/blkif.h`): requests and responses in the two shapes
/// that x86 guests use.
///
/// Start with [BlockProtocol], which has the layouts; numbers that both ends agree on are in
/// [BlockOperations], [BlockStatus] and [BlockLimits]. All numbers are little-endian; a sector is
/// always 512 bytes.
@NullMarked
package dev.xenbus.abi.io.blkif;

import org.jspecify.annotations.NullMarked;
