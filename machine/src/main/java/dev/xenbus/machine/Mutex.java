package dev.xenbus.machine;

import java.util.Optional;
import java.util.concurrent.locks.Lock;

/// A sleeping lock, not reentrant; `lock` waits uninterruptibly (state D). Extends [Lock] so that
/// `@GuardedBy` can check it; `newCondition` is not supported: use [WaitQueue#sleep].
public interface Mutex extends Lock {
  /// Returns the task that holds it.
  Optional<Task> owner();
}
