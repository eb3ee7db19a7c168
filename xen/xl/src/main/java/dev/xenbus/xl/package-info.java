/// The toolstack: libxl's part of it, `tools/libs/light`.
///
/// Start with [Toolstack]; then [EventLoop], on which everything that waits is built, and
/// [DeviceOperation], the life of one device.
@NullMarked
package dev.xenbus.xl;

import org.jspecify.annotations.NullMarked;
