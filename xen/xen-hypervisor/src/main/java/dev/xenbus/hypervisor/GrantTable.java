package dev.xenbus.hypervisor;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GrantEntry;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.hypercall.HypercallException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One granter's table of version 1: the shared entries, and the pins that Xen keeps beside them.
///
/// The first pin of a reference checks the entry, sets its flags, and latches domid, guest frame
/// and page. While a pin exists the latched values are the truth, whatever the granter writes into
/// the entry; only the first *writable* pin looks at the entry again. *reading* is set exactly
/// while any pin exists, *writing* exactly while a writable one does. Mirrors `struct
/// active_grant_entry`, `_set_status_v1` and `map_grant_ref` (`xen/common/grant_table.c`).
///
/// Guarded by the granter's `memoryLock`, all of it; the entries themselves are the granter's too.
final class GrantTable {
  /// Most pins of one kind of a reference: what an 8-bit counter is allowed to reach.
  static final int PINS_MAX = 128;

  /// How often a changing entry is tried (`_set_status_v1`).
  private static final int STATUS_TRIES_MAX = 5;

  /// What is pinned through one reference. Kept when unpinned, and used again.
  private static final class Pin {
    int readers;
    int writers;
    int domid;
    @Nullable Frame frame;

    boolean isHeld() {
      return readers + writers != 0;
    }
  }

  private final Domain domain;
  private final FramePool pool;
  private final int framesMax;
  private final List<Frame> frames = new ArrayList<>(1);
  private final List<MemorySegment> segments = new ArrayList<>(1);
  private final List<@Nullable Pin[]> pins = new ArrayList<>(1);

  GrantTable(Domain domain, FramePool pool, int framesMax) {
    this.domain = domain;
    this.pool = pool;
    this.framesMax = framesMax;
  }

  int framesMax() {
    return framesMax;
  }

  /// Grows to at least the given number of frames; returns all of them.
  ///
  /// @throws HypercallException `ENOSPC`, `ENOMEM`
  List<MemorySegment> setup(int count) throws HypercallException {
    if (count > framesMax) {
      throw new HypercallException(
          Errno.ENOSPC, "GNTTABOP_setup_table frames=" + count + ": at most " + framesMax);
    }
    while (frames.size() < count) {
      Frame frame = pool.take();
      frame.allocated(null);
      frames.add(frame);
      segments.add(frame.memory());
      pins.add(new Pin[0]);
    }
    return List.copyOf(segments);
  }

  /// Fills a reserved entry, as the domain builder does.
  void prepare(int ref, int domid, int guestFrame) {
    GrantEntry.publish(entries(ref), ref, GrantEntry.PERMIT_ACCESS, domid, guestFrame);
  }

  /// Pins a reference for a mapping or a copy.
  ///
  /// @param caller who maps or copies
  /// @param forCopy whether it is a copy, which a dying granter refuses
  /// @return a status; if okay, [#pinned] is the page, with a reference more
  int acquire(int caller, int ref, boolean readOnly, boolean forCopy) {
    if (Integer.compareUnsigned(ref, frames.size() * GrantEntry.PER_FRAME) >= 0) {
      return GrantStatus.BAD_GNTREF;
    }
    Pin pin = pinOf(ref);
    boolean isHeld = pin.isHeld();
    if (isHeld && (pin.domid != caller || (readOnly ? pin.readers : pin.writers) >= PINS_MAX)) {
      return GrantStatus.GENERAL_ERROR;
    }
    if (isHeld && forCopy && domain.isDying()) {
      return GrantStatus.BAD_DOMAIN;
    }
    if (!isHeld || (!readOnly && pin.writers == 0)) {
      int status = setFlags(caller, ref, readOnly);
      if (status != GrantStatus.OKAY) {
        return status;
      }
    }
    if (!isHeld) {
      // After the compare-and-set: the frame that belongs to the flags just checked.
      Frame frame = validFrame(GrantEntry.guestFrame(entries(ref), ref));
      if (frame == null) {
        clearFlags(ref, pin, readOnly);
        return GrantStatus.BAD_PAGE;
      }
      pin.domid = caller;
      pin.frame = frame;
    }
    if (readOnly) {
      pin.readers++;
    } else {
      pin.writers++;
    }
    Frame frame = pinned(ref);
    frame.get();
    pool.facts().pinned(caller, domain.id(), ref, readOnly, frame);
    return GrantStatus.OKAY;
  }

  /// Returns the page that a reference is pinned to.
  Frame pinned(int ref) {
    Frame frame = pinOf(ref).frame;
    if (frame == null) {
      throw new IllegalStateException("d" + domain.id() + " grant " + ref + " is not pinned");
    }
    return frame;
  }

  /// Undoes one [#acquire]: counters, then flags, then the page, which may be freed by this.
  void release(int ref, boolean readOnly) {
    Pin pin = pinOf(ref);
    Frame frame = pinned(ref);
    if (readOnly) {
      pin.readers--;
    } else {
      pin.writers--;
    }
    clearFlags(ref, pin, readOnly);
    if (!pin.isHeld()) {
      pin.frame = null;
    }
    pool.facts().unpinned(domain.id(), ref, readOnly, frame);
    domain.frames().put(frame);
  }

  /// Gives the table's own frames back, once nothing of the domain is referred to.
  void free() {
    for (Frame frame : frames) {
      pool.give(frame);
    }
    frames.clear();
    segments.clear();
    pins.clear();
  }

  /// Checks an entry and adds *reading*, and *writing* for a writable pin, in one step.
  private int setFlags(int caller, int ref, boolean readOnly) {
    MemorySegment entries = entries(ref);
    for (int tries = 0; tries < STATUS_TRIES_MAX; tries++) {
      int word = GrantEntry.load(entries, ref);
      int flags = GrantEntry.flags(word);
      boolean isPermitted =
          (flags & (GrantEntry.TYPE_MASK | GrantEntry.SUB_PAGE)) == GrantEntry.PERMIT_ACCESS
              && GrantEntry.domid(word) == caller
              && (readOnly || (flags & GrantEntry.READ_ONLY) == 0);
      if (!isPermitted) {
        return GrantStatus.GENERAL_ERROR;
      }
      int added = readOnly ? GrantEntry.READING : GrantEntry.READING | GrantEntry.WRITING;
      if (GrantEntry.compareAndSet(entries, ref, word, word | added)) {
        return GrantStatus.OKAY;
      }
    }
    return GrantStatus.GENERAL_ERROR;
  }

  private void clearFlags(int ref, Pin pin, boolean readOnly) {
    int cleared = readOnly || pin.writers != 0 ? 0 : GrantEntry.WRITING;
    if (!pin.isHeld()) {
      cleared |= GrantEntry.READING;
    }
    if (cleared != 0) {
      GrantEntry.clearFlags(entries(ref), ref, cleared);
    }
  }

  private @Nullable Frame validFrame(int guestFrame) {
    if (domain.isDying() || !domain.frames().contains(guestFrame)) {
      return null;
    }
    try {
      return domain.frames().populated(guestFrame);
    } catch (HypercallException e) {
      return null; // Nothing to map: to the mapper it is a page that is not there.
    }
  }

  private MemorySegment entries(int ref) {
    return segments.get(ref / GrantEntry.PER_FRAME);
  }

  private Pin pinOf(int ref) {
    int frame = ref / GrantEntry.PER_FRAME;
    @Nullable Pin[] ofFrame = pins.get(frame);
    if (ofFrame.length == 0) {
      ofFrame = new Pin[GrantEntry.PER_FRAME];
      pins.set(frame, ofFrame);
    }
    Pin pin = ofFrame[ref % GrantEntry.PER_FRAME];
    if (pin == null) {
      pin = new Pin();
      ofFrame[ref % GrantEntry.PER_FRAME] = pin;
    }
    return pin;
  }
}
