package dev.xenbus.machine;

import java.util.concurrent.locks.Lock;

/// A lock that is held for moments only; not reentrant. Handlers take it too: they run beside the
/// tasks, as on another processor, so that what both use is guarded by it (`spin_lock_irqsave`).
/// Sleeping while one is held is a [Bug], on both machines.
public interface SpinLock extends Lock {}
