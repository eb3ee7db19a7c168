package dev.xenbus.api;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;

/// A driver published a state of its device, told to whoever listens to the machine's trace as the
/// point `device_state`; or it is in that state but the store is left as somebody else wrote it,
/// the point `device_state_kept`. Told by the thread that published it.
///
/// @param kernel the domain whose kernel it is
/// @param backend whether it is a backend's state
/// @param probing whether it is published by a probe: of a device that has just been found, or of
///     one whose driver comes again
/// @param type the device's type, such as `vif`
/// @param nodePath its folder in the store
/// @param from what the driver had published before, or found when it was bound
/// @param to what it published
public record StateFact(
    Domid kernel,
    boolean backend,
    boolean probing,
    String type,
    String nodePath,
    XenbusState from,
    XenbusState to) {}
