/// The XenStore protocol: message types, headers, frames, paths, permissions, limits, the ring page
/// (`xen/include/public/io/xs_wire.h`, `docs/misc/xenstore.txt`).
///
/// Start at [MessageType], then [MessageHeader]. Strings on the wire are bytes: those of this
/// package that become a `String` are decoded one byte to one char, which loses nothing.
@NullMarked
package dev.xenbus.abi.xenstore;

import org.jspecify.annotations.NullMarked;
