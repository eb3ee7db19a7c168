package dev.xenbus.probe;

import dev.xenbus.abi.Errno;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.GrantException;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// Shared rings of a device, granted or mapped. Mirrors `xenbus_setup_ring` and
/// `xenbus_map_ring_valloc`.
final class DeviceRings {
  /// Pages of one ring at most (`XENBUS_MAX_RING_GRANTS`).
  static final int RING_PAGES_MAX = 16;

  private final BusDevice device;

  DeviceRings(BusDevice device) {
    this.device = device;
  }

  private GrantTable grants() {
    return device.kernel().grants();
  }

  XenbusDevice.GrantedRing setup(int pages) throws KernelException {
    if (pages < 1 || pages > RING_PAGES_MAX) {
      throw new KernelException(Errno.EINVAL, "ring of " + pages + " pages");
    }
    List<Page> made = new ArrayList<>();
    List<Integer> refs = new ArrayList<>();
    try {
      for (int i = 0; i < pages; i++) {
        made.add(device.kernel().pages().allocate());
      }
    } catch (KernelException e) {
      made.forEach(device.kernel().pages()::free);
      throw e;
    }
    try {
      for (Page page : made) {
        refs.add(grants().grantAccess(device.otherEndDomid(), page, false));
      }
    } catch (KernelException e) {
      end(made, refs);
      device.failDevice(e.errno(), "granting access to " + pages + " ring pages");
      throw e;
    }
    return new Granted(List.copyOf(made), List.copyOf(refs));
  }

  /// Ends the grants, which frees their pages, and frees pages that have none.
  private void end(List<Page> pages, List<Integer> refs) {
    for (int i = 0; i < pages.size(); i++) {
      if (i < refs.size()) {
        grants().endAccess(refs.get(i), pages.get(i));
      } else {
        device.kernel().pages().free(pages.get(i));
      }
    }
  }

  XenbusDevice.MappedRing map(List<Integer> refs) throws KernelException {
    if (refs.isEmpty() || refs.size() > RING_PAGES_MAX) {
      throw new KernelException(Errno.EINVAL, "ring of " + refs.size() + " pages");
    }
    List<MappedGrant> mapped = new ArrayList<>();
    for (int ref : refs) {
      try {
        mapped.add(grants().map(device.otherEndDomid(), ref, false));
      } catch (GrantException e) {
        mapped.forEach(MappedGrant::close);
        device.failDeviceWithStatus(
            e.status(),
            "mapping in shared page %d from domain %s".formatted(ref, device.otherEndDomid()));
        throw new KernelException(Errno.ENOENT, "ring page " + ref, e);
      }
    }
    return new Mapped(List.copyOf(mapped));
  }

  private final class Granted implements XenbusDevice.GrantedRing {
    private final List<Page> pages;
    private final List<Integer> refs;
    private final AtomicBoolean closed = new AtomicBoolean();

    Granted(List<Page> pages, List<Integer> refs) {
      this.pages = pages;
      this.refs = refs;
    }

    @Override
    public List<Page> pages() {
      return pages;
    }

    @Override
    public List<Integer> refs() {
      return refs;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        end(pages, refs);
      }
    }
  }

  private static final class Mapped implements XenbusDevice.MappedRing {
    private final List<MappedGrant> pages;
    private final AtomicBoolean closed = new AtomicBoolean();

    Mapped(List<MappedGrant> pages) {
      this.pages = pages;
    }

    @Override
    public List<MappedGrant> pages() {
      return pages;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        pages.forEach(MappedGrant::close);
      }
    }
  }
}
