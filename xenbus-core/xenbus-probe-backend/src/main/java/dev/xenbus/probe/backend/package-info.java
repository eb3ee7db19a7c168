/// The backend bus, which loads backend drivers: `xenbus_probe_backend.c`.
@NullMarked
package dev.xenbus.probe.backend;

import org.jspecify.annotations.NullMarked;
