/// The backend bus. Mirrors `drivers/xen/xenbus/xenbus_probe_backend.c`; start with [BackendBus].
@NullMarked
package dev.xenbus.probe.backend;

import org.jspecify.annotations.NullMarked;
