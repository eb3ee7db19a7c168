package dev.xenbus.api;

import dev.xenbus.abi.Domid;

/// What happened to a device of a bus and its driver, told to whoever listens to the machine's
/// trace, under the device's lock: the points `device_counted` and `device_uncounted` (it counts
/// for its guest's thread from now on; it does not any more: told while it does), `device_probe`
/// (the driver is about to be asked), `device_remove` and `device_unbound` (the driver is about to
/// clean up, and has, also after a probe that failed).
///
/// @param kernel the domain whose kernel it is
/// @param backend whether it is a backend
/// @param routed whether its events run in its guest's own thread
/// @param type the device's type, such as `vif`
/// @param guest the domain at the other end
/// @param nodePath its folder in the store
public record DeviceFact(
    Domid kernel, boolean backend, boolean routed, String type, Domid guest, String nodePath) {}
