package dev.xenbus.api;

import dev.xenbus.abi.Domid;

/// What happened to a watch event, told to whoever listens to the machine's trace: the points
/// `watch_queue` (number: how many events of that watch wait in that queue now), `watch_take` and
/// `watch_finish` (number: which callback of the queue), `watch_purge` and `watch_move` (told of
/// the queue that it goes to), told under the queue's lock; `watch_wait` and `watch_waited`
/// (number: which callback of the queue), told by whoever unregisters a watch whose callback runs;
/// and `watch_gone`, told without a lock, once a watch is unregistered.
///
/// @param kernel the domain whose kernel it is
/// @param queue the thread that the queue is for, such as `xen-mtwatch-1`
/// @param watchPath the path that is watched
/// @param token the watch's, unique in its kernel
/// @param path what changed; empty where it is about the watch alone
/// @param owner the guest whose thread the event was routed to; `DOM0` for the default thread
public record WatchFact(
    Domid kernel, String queue, String watchPath, String token, String path, Domid owner) {}
