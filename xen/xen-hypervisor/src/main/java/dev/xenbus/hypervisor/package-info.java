/// Domains, pages, grant tables and event channels: `xen/common`.
///
/// Start with [Hypervisor], then `Domain` (what there is of one), `DomainCalls` (its hypercalls)
/// and
/// `DomainKiller` (the steps of its end).
///
/// # Locks
///
/// All of Xen's own locks are raw spin locks: no scheduling point happens under them, so a kill
/// never leaves anything half done. Upcalls and interrupts are raised after they were released.
/// Order, outermost first:
///
/// 1. the control lock     one toolstack operation at a time (`domctl_lock`); a mutex, held alone
/// 2. `Domain.eventLock`   ports; of two domains, the one with the lower id first
/// 3. `Domain.memoryLock`  frames, owned pages, grant table and pins; never two at once
/// 4. `Maptrack.lock`      handles of the mapper; never together with 2 or 3
/// 5. `FramePool.lock`     free frames; taken under `memoryLock`
/// 6. `DomainTable.lock`   ids; a leaf
@NullMarked
package dev.xenbus.hypervisor;

import org.jspecify.annotations.NullMarked;
