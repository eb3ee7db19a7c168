package dev.xenbus.hypervisor;

/// A grant was taken into use or let go, told to whoever listens to the machine's trace: the points
/// `grant_pin` and `grant_unpin`, under the granter's `memoryLock`, for each mapping and each side
/// of a copy; `grant_map` and `grant_unmap`, under the mapper's handle lock, when a handle becomes
/// live and when it is dead to everybody. A mapping is pinned before it is mapped, and unmapped
/// before it is unpinned.
///
/// @param mapper the domain that maps or copies; meaningless for `grant_unpin`
/// @param handle the mapping's handle; -1 for pins
/// @param granter the domain that granted
/// @param ref the granter's reference
/// @param readOnly whether it may not be written
/// @param frame the number of the page's frame, unique in its machine
public record GrantFact(
    int mapper, int handle, int granter, int ref, boolean readOnly, long frame) {}
