package dev.xenbus.hypervisor;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.machine.RawSpinLock;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One mapper's handles (`struct grant_mapping`, `maptrack`). A handle goes FREE → RESERVED → LIVE
/// → ENDING → FREE; a mapping that is RESERVED or ENDING belongs to the hypercall that made it so.
final class Maptrack {
  /// What [#reserve] answers if all handles are in use.
  static final int NONE = -1;

  private static final int FIRST_HANDLES = 8;

  private enum State {
    FREE,
    RESERVED,
    LIVE,
    ENDING
  }

  /// A mapping of another domain's page. Kept when free, and used again.
  static final class Mapping {
    private final int handle;
    private State state = State.FREE;
    private int nextFree = NONE;
    private int ref;
    private boolean isReadOnly;
    private @Nullable Domain granter;
    private @Nullable Frame frame;

    private Mapping(int handle) {
      this.handle = handle;
    }

    int ref() {
      return ref;
    }

    boolean isReadOnly() {
      return isReadOnly;
    }

    Domain granter() {
      if (granter == null) {
        throw new IllegalStateException("handle " + handle + " is " + state);
      }
      return granter;
    }
  }

  private final int mapper;
  private final int handlesMax;
  private final Facts facts;
  private final RawSpinLock lock = new RawSpinLock();

  @GuardedBy("lock")
  private Mapping[] mappings = new Mapping[0];

  @GuardedBy("lock")
  private int made;

  @GuardedBy("lock")
  private int firstFree = NONE;

  @GuardedBy("lock")
  private int live;

  @GuardedBy("lock")
  private boolean isClosed;

  /// @param mapper the domain whose handles these are
  Maptrack(int mapper, int handlesMax, Facts facts) {
    this.mapper = mapper;
    this.handlesMax = handlesMax;
    this.facts = facts;
  }

  /// Takes a handle, or returns [#NONE].
  int reserve() {
    lock.lock();
    try {
      if (firstFree == NONE && !growLocked()) {
        return NONE;
      }
      Mapping mapping = mappings[firstFree];
      firstFree = mapping.nextFree;
      mapping.state = State.RESERVED;
      return mapping.handle;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private boolean growLocked() {
    if (made == handlesMax) {
      return false;
    }
    if (made == mappings.length) {
      int length = Math.min(handlesMax, Math.max(FIRST_HANDLES, 2 * made));
      mappings = Arrays.copyOf(mappings, length);
    }
    mappings[made] = new Mapping(made);
    firstFree = made;
    made++;
    return true;
  }

  /// Makes a reserved handle live.
  ///
  /// @return false if the table was closed meanwhile: then the caller undoes the mapping
  boolean publish(int handle, Domain granter, int ref, boolean isReadOnly, Frame frame) {
    lock.lock();
    try {
      if (isClosed) {
        return false;
      }
      Mapping mapping = mappings[handle];
      mapping.granter = granter;
      mapping.ref = ref;
      mapping.isReadOnly = isReadOnly;
      mapping.frame = frame;
      mapping.state = State.LIVE;
      live++;
      facts.mapped(mapper, handle, granter.id(), ref, isReadOnly, frame);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Gives a reserved handle back.
  void cancel(int handle) {
    lock.lock();
    try {
      freeLocked(mappings[handle]);
    } finally {
      lock.unlock();
    }
  }

  /// Returns the page behind a live handle, or null.
  @Nullable Frame frame(int handle) {
    lock.lock();
    try {
      Mapping mapping = liveLocked(handle);
      return mapping == null ? null : mapping.frame;
    } finally {
      lock.unlock();
    }
  }

  /// Begins to unmap: from here on the handle is dead to everybody else. Returns null if it was not
  /// live.
  @Nullable Mapping beginUnmap(int handle) {
    lock.lock();
    try {
      Mapping mapping = liveLocked(handle);
      if (mapping != null) {
        mapping.state = State.ENDING;
        live--;
        tellUnmapped(mapping);
      }
      return mapping;
    } finally {
      lock.unlock();
    }
  }

  private void tellUnmapped(Mapping mapping) {
    Frame frame = mapping.frame;
    if (frame != null) {
      facts.unmapped(
          mapper, mapping.handle, mapping.granter().id(), mapping.ref, mapping.isReadOnly, frame);
    }
  }

  /// Ends an unmap: the handle may be used again.
  void finishUnmap(Mapping mapping) {
    lock.lock();
    try {
      freeLocked(mapping);
    } finally {
      lock.unlock();
    }
  }

  /// Lets no more handle become live: the mapper dies.
  void close() {
    lock.lock();
    try {
      isClosed = true;
    } finally {
      lock.unlock();
    }
  }

  /// Returns how many handles were ever made: an end for loops over all of them.
  int made() {
    lock.lock();
    try {
      return made;
    } finally {
      lock.unlock();
    }
  }

  /// Returns how many handles are live.
  int live() {
    lock.lock();
    try {
      return live;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private @Nullable Mapping liveLocked(int handle) {
    if (Integer.compareUnsigned(handle, made) >= 0) {
      return null;
    }
    return mappings[handle].state == State.LIVE ? mappings[handle] : null;
  }

  @GuardedBy("lock")
  private void freeLocked(Mapping mapping) {
    mapping.state = State.FREE;
    mapping.granter = null;
    mapping.frame = null;
    mapping.nextFree = firstFree;
    firstFree = mapping.handle;
  }
}
