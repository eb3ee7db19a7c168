/// What both buses share, and the client helpers. Mirrors `drivers/xen/xenbus/xenbus_probe.c` and
/// `xenbus_client.c`.
///
/// Start with [XenbusType] (in what the two buses differ), then [XenbusBus] (which devices exist),
/// [BusDevice] (one device as its driver sees it) and [DeviceBinding] (probe and remove).
///
/// With mtwatch, callbacks of different guests run at the same time. All that they share, and its
/// lock:
///
/// | shared | lock |
/// |---|---|
/// | devices of a bus, by name | `klist_devices` of its [XenbusBus], for moments |
/// | drivers of a bus, by device type | the same |
/// | one device's binding: probe, remove, unregistering | its `device_lock` |
/// | one device against `reclaim_memory` | its `reclaim_sem` |
/// | sysfs files | inside of the kernel's [dev.xenbus.linux.api.KernelFiles] |
/// | requests and watches | see `dev.xenbus.xs` |
///
/// Locks, outermost first: `device_lock`, `reclaim_sem` (a semaphore, without a place in the
/// order),
/// then what a driver takes, then those of `dev.xenbus.xs`; `klist_devices` is a leaf. A thread
/// that
/// runs callbacks, and so may hold `xenwatch_mutex`, only ever tries for `device_lock`.
/// `otherEndChanged` is called with none of them.
@NullMarked
package dev.xenbus.probe;

import org.jspecify.annotations.NullMarked;
