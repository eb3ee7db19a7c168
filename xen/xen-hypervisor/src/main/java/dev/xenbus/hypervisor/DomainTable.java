package dev.xenbus.hypervisor;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.machine.RawSpinLock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The domains by id. Looked up without a lock, since every grant operation does; an id is free
/// again only when its domain is destroyed, so a zombie keeps it.
final class DomainTable {
  private static final int FIRST_IDS = 16;

  private final RawSpinLock lock = new RawSpinLock();
  private volatile AtomicReferenceArray<@Nullable Domain> domains =
      new AtomicReferenceArray<>(FIRST_IDS);

  @GuardedBy("lock")
  private int last;

  @GuardedBy("lock")
  private int count;

  /// Returns the domain of an ordinary id; null if there is none, and for all special ids.
  @Nullable Domain find(int id) {
    AtomicReferenceArray<@Nullable Domain> now = domains;
    return id >= 0 && id < now.length() ? now.get(id) : null;
  }

  /// Returns the id for a new domain: the next after the last one given, wrapping to 1, that is not
  /// in use; or -1 if all are. It is the caller's until [#insert] or [#forget].
  int claim() {
    lock.lock();
    try {
      for (int tried = 1; tried < Domid.FIRST_RESERVED; tried++) {
        last = last + 1 < Domid.FIRST_RESERVED ? last + 1 : 1;
        if (find(last) == null) {
          return last;
        }
      }
      return -1;
    } finally {
      lock.unlock();
    }
  }

  void insert(Domain domain) {
    lock.lock();
    try {
      int length = domains.length();
      if (domain.id() >= length) {
        int longer = Math.min(Domid.FIRST_RESERVED, Math.max(2 * length, domain.id() + 1));
        AtomicReferenceArray<@Nullable Domain> more = new AtomicReferenceArray<>(longer);
        for (int id = 0; id < length; id++) {
          more.set(id, domains.get(id));
        }
        domains = more;
      }
      domains.set(domain.id(), domain);
      count++;
    } finally {
      lock.unlock();
    }
  }

  void remove(Domain domain) {
    lock.lock();
    try {
      if (domains.compareAndSet(domain.id(), domain, null)) {
        count--;
      }
    } finally {
      lock.unlock();
    }
  }

  /// Returns how many there are, zombies included.
  int count() {
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  /// Returns all of them, by id.
  List<Domain> all() {
    AtomicReferenceArray<@Nullable Domain> now = domains;
    List<Domain> all = new ArrayList<>();
    for (int id = 0; id < now.length(); id++) {
      Domain domain = now.get(id);
      if (domain != null) {
        all.add(domain);
      }
    }
    return all;
  }
}
