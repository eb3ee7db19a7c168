/// The frontend bus, which loads frontend drivers: `xenbus_probe_frontend.c`.
@NullMarked
package dev.xenbus.probe.frontend;

import org.jspecify.annotations.NullMarked;
