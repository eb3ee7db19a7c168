package dev.xenbus.probe;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import java.util.ArrayList;
import java.util.List;

/// The watches that a driver has registered for a device and not closed yet.
///
/// Lock: `device_watches`, a leaf.
final class DriverWatches {
  private final SpinLock listLock;

  @GuardedBy("listLock")
  private final List<XenbusWatch> open = new ArrayList<>();

  DriverWatches(Kernel kernel) {
    listLock = kernel.cpu().spinLock(LockClass.of("device_watches"));
  }

  /// Adds a watch; returns it as one that leaves this list when it is closed.
  XenbusWatch add(XenbusWatch watch) {
    listLock.lock();
    try {
      open.add(watch);
    } finally {
      listLock.unlock();
    }
    return new Remembered(watch);
  }

  /// Closes what the driver left open.
  void closeAll() {
    List<XenbusWatch> left;
    listLock.lock();
    try {
      left = List.copyOf(open);
      open.clear();
    } finally {
      listLock.unlock();
    }
    left.forEach(XenbusWatch::close);
  }

  private final class Remembered implements XenbusWatch {
    private final XenbusWatch watch;

    Remembered(XenbusWatch watch) {
      this.watch = watch;
    }

    @Override
    public String path() {
      return watch.path();
    }

    @Override
    public void close() {
      listLock.lock();
      try {
        open.remove(watch);
      } finally {
        listLock.unlock();
      }
      watch.close();
    }
  }
}
