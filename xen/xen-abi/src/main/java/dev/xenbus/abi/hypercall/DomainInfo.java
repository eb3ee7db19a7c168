package dev.xenbus.abi.hypercall;

import dev.xenbus.abi.Domid;
import java.util.Optional;
import java.util.UUID;

/// What Xen says of a domain (`XEN_DOMCTL_getdomaininfo`).
///
/// @param domid its id
/// @param uuid the handle that the toolstack gave it
/// @param dying whether it is dead and kept by others' references alone: a zombie. Not set while
/// its
///     resources are still being released
/// @param shutdown the reason if it stopped
/// @param paused whether its controller paused it
/// @param blocked whether all its vCPUs wait for events
/// @param running whether a vCPU runs
/// @param pages pages that it owns
/// @param pagesMax pages that it may own
/// @param vcpusOnline its vCPUs
/// @param cpuNanos processor time used, in nanoseconds
public record DomainInfo(
    Domid domid,
    UUID uuid,
    boolean dying,
    Optional<ShutdownReason> shutdown,
    boolean paused,
    boolean blocked,
    boolean running,
    long pages,
    long pagesMax,
    int vcpusOnline,
    long cpuNanos) {}
