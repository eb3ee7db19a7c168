package dev.xenbus.xl;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainImage;
import dev.xenbus.machine.Body;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// What the toolstack's processes leave behind for each other on one dom0: the domains'
/// configurations (`/var/lib/xen/userdata-*`), the guests that were saved, and the logs of the
/// processes that watch over domains (`/var/log/xen/xl-*.log`). In memory; one for each emulated
/// host.
///
/// Threads: any task. `lock` is a leaf: nothing else is taken while it is held.
public final class XlHost {
  /// Most lines that are kept of one log; older ones go.
  static final int LOG_LINES_MAX = 200;

  private final Orphans orphans;
  private final Mutex lock;

  @GuardedBy("lock")
  private final SortedMap<Domid, DomainConfig> configs = new TreeMap<>();

  @GuardedBy("lock")
  private final SortedMap<String, Deque<String>> logs = new TreeMap<>();

  /// A guest that was saved.
  ///
  /// @param config how it was configured
  /// @param image its state
  /// @param domid the id that it is to have again; empty: any
  public record Saved(DomainConfig config, DomainImage image, Optional<Domid> domid) {}

  @GuardedBy("lock")
  private final SortedMap<Long, Saved> saved = new TreeMap<>();

  /// When the domains that are gone were destroyed, in nanoseconds since boot
  /// (`/var/run/xen/domid-history`).
  @GuardedBy("lock")
  private final SortedMap<Domid, Long> destroyed = new TreeMap<>();

  @GuardedBy("lock")
  private long tickets;

  /// Makes the state of a host on which nothing was created yet.
  ///
  /// @param cpu dom0's
  public XlHost(Cpu cpu) {
    orphans = new Orphans(cpu);
    lock = cpu.mutex(LockClass.of("xl_userdata"));
  }

  /// Starts a process that its parent does not wait for.
  ///
  /// @throws NoThread if it cannot be made
  public Task daemonize(String comm, Body body) throws NoThread {
    return orphans.start(comm, body);
  }

  /// Keeps a guest that was saved.
  ///
  /// @return the ticket with which it is found again
  public long keep(Saved guest) {
    lock.lock();
    try {
      tickets++;
      saved.put(tickets, guest);
      return tickets;
    } finally {
      lock.unlock();
    }
  }

  /// Returns the saved guest of a ticket, or empty if there is none, or not any more.
  public Optional<Saved> saved(long ticket) {
    lock.lock();
    try {
      return Optional.ofNullable(saved.get(ticket));
    } finally {
      lock.unlock();
    }
  }

  /// Returns the guests that were saved and are still kept.
  public List<Saved> saved() {
    lock.lock();
    try {
      return List.copyOf(saved.values());
    } finally {
      lock.unlock();
    }
  }

  /// Forgets a saved guest.
  public void forgetSaved(long ticket) {
    lock.lock();
    try {
      saved.remove(ticket);
    } finally {
      lock.unlock();
    }
  }

  /// Notes that a domain is destroyed, and forgets what is too long ago.
  void noteDestroyed(Domid domid, long nowNanos) {
    lock.lock();
    try {
      destroyed.values().removeIf(then -> nowNanos - then >= Timeouts.DOMID_REUSE_NANOS);
      destroyed.put(domid, nowNanos);
    } finally {
      lock.unlock();
    }
  }

  /// Returns whether a domain of this id was destroyed a short while ago
  /// (`libxl__is_domid_recent`).
  boolean isRecent(Domid domid, long nowNanos) {
    lock.lock();
    try {
      Long then = destroyed.get(domid);
      return then != null && nowNanos - then < Timeouts.DOMID_REUSE_NANOS;
    } finally {
      lock.unlock();
    }
  }

  /// Notes how a domain was configured.
  void save(Domid domid, DomainConfig config) {
    lock.lock();
    try {
      configs.put(domid, config);
    } finally {
      lock.unlock();
    }
  }

  /// Forgets how a domain was configured.
  void forget(Domid domid) {
    lock.lock();
    try {
      configs.remove(domid);
    } finally {
      lock.unlock();
    }
  }

  /// Returns how a domain was configured, or empty if that is not known.
  public Optional<DomainConfig> config(Domid domid) {
    lock.lock();
    try {
      return Optional.ofNullable(configs.get(domid));
    } finally {
      lock.unlock();
    }
  }

  /// Adds a line to the log of the process that watches over a domain.
  ///
  /// @param name the domain's
  public void log(String name, String line) {
    lock.lock();
    try {
      Deque<String> lines = logs.computeIfAbsent(name, _ -> new ArrayDeque<>());
      if (lines.size() == LOG_LINES_MAX) {
        lines.removeFirst();
      }
      lines.addLast(line);
    } finally {
      lock.unlock();
    }
  }

  /// Returns the log of the process that watches over a domain, oldest line first.
  ///
  /// @param name the domain's
  public List<String> logOf(String name) {
    lock.lock();
    try {
      Deque<String> lines = logs.get(name);
      return lines == null ? List.of() : List.copyOf(lines);
    } finally {
      lock.unlock();
    }
  }
}
