package dev.xenbus.xl;

import java.util.concurrent.TimeUnit;

/// How long libxl waits (`libxl_internal.h`), in nanoseconds.
final class Timeouts {
  /// For a backend to reach InitWait, and for the console daemon (`LIBXL_INIT_TIMEOUT`).
  static final long INIT_NANOS = TimeUnit.SECONDS.toNanos(10);

  /// For a backend to reach Closed (`LIBXL_DESTROY_TIMEOUT`).
  static final long DESTROY_NANOS = TimeUnit.SECONDS.toNanos(10);

  /// For a hotplug script (`LIBXL_HOTPLUG_TIMEOUT`).
  static final long HOTPLUG_NANOS = TimeUnit.SECONDS.toNanos(40);

  /// For a guest to take note of a request to shut down.
  static final long CONTROL_NANOS = TimeUnit.SECONDS.toNanos(60);

  /// For a guest that took note of a request to suspend to have done it.
  static final long SUSPEND_NANOS = TimeUnit.SECONDS.toNanos(60);

  /// For a domid to be used again (`LIBXL_DOMID_REUSE_TIMEOUT`), since 4.14.
  static final long DOMID_REUSE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private Timeouts() {}
}
