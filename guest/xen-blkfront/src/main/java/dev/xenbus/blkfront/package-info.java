/// The block frontend.
///
/// Start with [BlkfrontDriver], then [Blkfront] (the store's side of a device), [RequestQueue]
/// (what the block core hands in and the interrupt completes), [BlkfrontRing] (one ring).
///
/// One lock a device, `blkfront`, guards queue, rings and shadows; it is held in the interrupt too.
/// Pages and grants are taken and given back under it; no request is completed, and nothing is sent
/// or written to the store, with it held. The backend is not trusted: responses are read once and
/// checked against what is outstanding.
@NullMarked
package dev.xenbus.blkfront;

import org.jspecify.annotations.NullMarked;
