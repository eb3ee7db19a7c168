/// What both buses share, and the client helpers: `xenbus_probe.c`, `xenbus_client.c`.
@NullMarked
package dev.xenbus.probe;

import org.jspecify.annotations.NullMarked;
