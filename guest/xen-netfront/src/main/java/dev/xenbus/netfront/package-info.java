/// The network frontend: `drivers/net/xen-netfront.c`.
///
/// Start at [NetfrontDevice] (the state machine), then [NetfrontInterface] (the interface `eth0`)
/// and [NetfrontQueue]; its two directions are [TxRing] and [RxRing]. The backend is not trusted:
/// what it answers is read once and checked, and one that breaks the rules makes the device broken,
/// which ends all traffic until it connects anew.
///
/// Threads: `napi/vif0-q0` takes what comes in; answers to what was sent are taken in interrupt
/// context; sending is done by whoever sends. Locks: each direction of a queue has a spin lock of
/// its own (`queue->tx_lock`, `queue->rx_lock`), never held together, and nothing but grants and
/// ring pages is touched under it.
@NullMarked
package dev.xenbus.netfront;

import org.jspecify.annotations.NullMarked;
