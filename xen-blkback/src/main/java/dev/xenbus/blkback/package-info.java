/// The block backend.
///
/// Start with [BlkbackDriver], then [Backend] (the store's side of a device: `xenbus.c`), [Blkif]
/// (its rings), [RingWorker] (the thread of a ring: `blkback.c`).
///
/// Who owns what: the bus calls [Backend] one call at a time. A ring's consumer index, its tree of
/// persistent grants and the requests that it parses are owned by the ring's worker; its responses
/// are guarded by `blk_ring_lock`, its free slots by `pending_free_lock`. Neither is held while
/// anything foreign is called, and neither inside the other.
@NullMarked
package dev.xenbus.blkback;

import org.jspecify.annotations.NullMarked;
