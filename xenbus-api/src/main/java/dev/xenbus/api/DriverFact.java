package dev.xenbus.api;

import dev.xenbus.abi.Domid;

/// What happened to a driver of a bus, told to whoever listens to the machine's trace: the point
/// `driver_added` (events of its type go where it says from now on), told under the list's lock.
///
/// @param kernel the domain whose kernel it is
/// @param backend whether it is a backend driver
/// @param routed whether its devices' events run in their guests' own threads
/// @param type the device type that it is for, such as `vif`
public record DriverFact(Domid kernel, boolean backend, boolean routed, String type) {}
