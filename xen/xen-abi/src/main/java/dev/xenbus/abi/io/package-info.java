/// Shared rings: the bytes that two domains share and the arithmetic on them,
/// `xen/include/public/io`.
///
/// Start with [SharedRing] (the picture), then [FrontRing] and [BackRing]. A ring of several pages
/// is seen through [RingPages]. Byte streams are [ByteRing]; the store's page is
/// [XenstoreInterface] and the console's [ConsoleRing].
///
/// An object of this package is one end's view. It has no lock: one thread at a time uses it, as
/// its owner arranges. What the other end wrote is read once into a local and checked.
@NullMarked
package dev.xenbus.abi.io;

import org.jspecify.annotations.NullMarked;
