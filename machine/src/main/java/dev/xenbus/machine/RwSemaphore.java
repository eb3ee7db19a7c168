package dev.xenbus.machine;

import java.util.concurrent.locks.Lock;

/// A sleeping lock with many readers or one writer; a waiting writer holds back new readers.
public interface RwSemaphore {
  /// Returns the readers' side.
  Lock read();

  /// Returns the writer's side.
  Lock write();
}
