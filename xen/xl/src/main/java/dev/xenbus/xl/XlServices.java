package dev.xenbus.xl;

import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.xenconsoled.Consoles;
import dev.xenbus.xenstore.client.StoreConnector;

/// What the toolstack needs of the world around it; the emulator provides it to the commands of
/// dom0's console, and to those of a driver domain's.
///
/// @param domains the hypervisor
/// @param kernel its domain's
/// @param connector opens connections to the store
/// @param consoles the console daemon
/// @param release whose toolstack we are
/// @param host what its processes leave behind for each other
public record XlServices(
    DomainControl domains,
    Kernel kernel,
    StoreConnector connector,
    Consoles consoles,
    XlRelease release,
    XlHost host) {}
