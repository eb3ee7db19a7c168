/// The network backend: `drivers/net/xen-netback`.
///
/// Start at [NetbackDevice] (the state machine, `xenbus.c`), then [Vif] (the interface,
/// `interface.c`) and [VifQueue]; a queue's two directions are [TxPath] (from the guest,
/// `netback.c`) and [RxPath] (to the guest, `rx.c`). What stalls is [ZeroCopy].
///
/// Threads of a queue: `napi/vif1.0-q0` polls what the guest sends, `vif1.0-q0-guest-rx` delivers
/// what it receives, `vif1.0-q0-dealloc` gives mapped pages back. Everything else runs in the watch
/// thread or in whoever sends through the interface.
///
/// Lock order, outermost first; nothing of another module is called with one held, except where the
/// lock's comment says so:
/// 1. `xenvif_configuration`  a vif's up, down and carrier
/// 2. `vif->lock`             a vif's multicast list
/// 3. `queue->response_lock`  a tx ring's responses and its free pending slots
/// 4. `queue->callback_lock`, `queue->rx_queue.lock`, `queue->credit`: innermost, alone
@NullMarked
package dev.xenbus.netback;

import org.jspecify.annotations.NullMarked;
