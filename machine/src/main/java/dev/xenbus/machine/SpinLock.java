package dev.xenbus.machine;

import java.util.concurrent.locks.Lock;

/// A lock that is held for moments only and excludes interrupt handlers of its Cpu; not reentrant.
/// Sleeping while one is held is a [Bug], on both machines.
public interface SpinLock extends Lock {}
