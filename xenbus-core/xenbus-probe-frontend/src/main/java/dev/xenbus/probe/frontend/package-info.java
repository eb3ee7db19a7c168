/// The frontend bus. Mirrors `drivers/xen/xenbus/xenbus_probe_frontend.c`; start with
/// [FrontendBus].
@NullMarked
package dev.xenbus.probe.frontend;

import org.jspecify.annotations.NullMarked;
