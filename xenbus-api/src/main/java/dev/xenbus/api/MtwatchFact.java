package dev.xenbus.api;

import dev.xenbus.abi.Domid;

/// What happened to a guest's entry of mtwatch, told to whoever listens to the machine's trace: the
/// points `mtwatch_entry` (it was made), `mtwatch_fallback` (its thread could not be made; number:
/// how many events went to the default thread) and `mtwatch_end` (it is no more, and its thread
/// leaves its loop), told under `mtwatch_domain_lock`; and `mtwatch_thread`, told by its thread
/// once that runs.
///
/// @param kernel the domain whose kernel it is
/// @param guest whose entry
public record MtwatchFact(Domid kernel, Domid guest) {}
