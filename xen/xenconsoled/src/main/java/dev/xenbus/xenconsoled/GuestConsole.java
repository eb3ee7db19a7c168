package dev.xenbus.xenconsoled;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.EventDevice;
import dev.xenbus.abi.hypercall.GrantDevice;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.abi.io.ByteRing;
import dev.xenbus.abi.io.ConsoleRing;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One guest's console: its ring, the end of what it printed, and who is attached.
///
/// The ring is the guest's to spoil: indices that cannot be end the service for it, and nothing
/// else.
///
/// Threads: the daemon alone touches the ring; `lock` guards what sessions see.
final class GuestConsole {
  /// Bytes of output that are kept for those who come later.
  static final int LOG_BYTES_MAX = 64 * 1024;

  /// Bytes of output that wait for one session; then the guest waits.
  static final int SESSION_BYTES_MAX = 64 * 1024;

  /// Bytes of input that wait for the guest; then the session waits.
  static final int INPUT_BYTES_MAX = 4096;

  /// Bytes of output that are moved in one turn, before others have theirs.
  private static final int TURN_BYTES_MAX = 16 * 1024;

  private final Domid domid;
  private final UUID uuid;
  private final int tty;
  private final Clock clock;
  private final WaitQueue changed;
  private final Runnable wantService;

  // Exclusive to the daemon.
  private final ConsoleRing ring;
  private final GrantDevice.Mapping mapping;
  private final EventDevice events;
  private final int port;
  private final byte[] buffer = new byte[ConsoleRing.OUTPUT_BYTES];
  private boolean broken;
  private @Nullable ShutdownReason stopping;

  private final Mutex lock;

  @GuardedBy("lock")
  private final ByteQueue log = new ByteQueue(LOG_BYTES_MAX);

  @GuardedBy("lock")
  private final ByteQueue input = new ByteQueue(INPUT_BYTES_MAX);

  @GuardedBy("lock")
  private final List<Session> sessions = new ArrayList<>();

  @GuardedBy("lock")
  private @Nullable Session typist;

  @GuardedBy("lock")
  private @Nullable ShutdownReason stopped;

  @GuardedBy("lock")
  private boolean gone;

  /// What connects a console.
  ///
  /// @param domid the guest
  /// @param uuid tells it from a later guest with the same id
  /// @param tty number of its pseudo terminal
  /// @param mapping its ring
  /// @param events where its port is bound
  /// @param port the local port
  record Connection(
      Domid domid, UUID uuid, int tty, GrantDevice.Mapping mapping, EventDevice events, int port) {}

  /// Takes over a console.
  ///
  /// @param wantService asks the daemon for a turn; any task
  GuestConsole(Cpu cpu, Connection connection, Runnable wantService) {
    this.domid = connection.domid();
    this.uuid = connection.uuid();
    this.tty = connection.tty();
    this.mapping = connection.mapping();
    this.events = connection.events();
    this.port = connection.port();
    this.wantService = wantService;
    this.clock = cpu.machine().clock();
    this.changed = cpu.waitQueue("n_tty_read");
    this.lock = cpu.mutex(LockClass.of("console"));
    this.ring = new ConsoleRing(mapping.page(), Task::relax);
    ring.connected(true);
  }

  Domid domid() {
    return domid;
  }

  UUID uuid() {
    return uuid;
  }

  int tty() {
    return tty;
  }

  /// Moves what can be moved. Called by the daemon.
  ///
  /// @return whether there is more to do at once
  boolean serve() {
    if (broken) {
      return false;
    }
    boolean more = takeOutput();
    giveInput();
    if (stopping != null && ring.output().readable() == 0) {
      noteStop();
    }
    return more && !broken;
  }

  /// The guest has stopped: once what it printed is taken, sessions are told. Called by the daemon.
  void stop(ShutdownReason reason) {
    stopping = reason;
    serve();
  }

  private void noteStop() {
    lock.lock();
    try {
      stopped = stopping;
    } finally {
      lock.unlock();
    }
    changed.wakeAll();
  }

  private boolean takeOutput() {
    ByteRing output = ring.output();
    for (int moved = 0; moved < TURN_BYTES_MAX; ) {
      int bytes = output.take(buffer, 0, Math.min(buffer.length, room()));
      if (bytes == ByteRing.BROKEN) {
        broken = true;
        return false;
      }
      if (bytes == 0) {
        return false;
      }
      moved += bytes;
      events.notify(port);
      distribute(bytes);
    }
    return true;
  }

  private int room() {
    lock.lock();
    try {
      return sessions.stream()
          .mapToInt(session -> session.output.room())
          .min()
          .orElse(Integer.MAX_VALUE);
    } finally {
      lock.unlock();
    }
  }

  private void distribute(int bytes) {
    lock.lock();
    try {
      log.putDroppingOldest(buffer, bytes);
      for (Session session : sessions) {
        // A session that came since the room was asked for is empty, so that it has room as well.
        session.output.put(buffer, 0, bytes);
      }
    } finally {
      lock.unlock();
    }
    changed.wakeAll();
  }

  private void giveInput() {
    while (true) {
      int waiting = peekInput();
      if (waiting == 0) {
        return;
      }
      int bytes = ring.input().put(buffer, 0, waiting);
      if (bytes == ByteRing.BROKEN) {
        broken = true;
      }
      if (bytes <= 0) {
        return;
      }
      events.notify(port);
      dropInput(bytes);
    }
  }

  private int peekInput() {
    lock.lock();
    try {
      return input.peek(buffer, buffer.length);
    } finally {
      lock.unlock();
    }
  }

  private void dropInput(int bytes) {
    lock.lock();
    try {
      input.drop(bytes);
    } finally {
      lock.unlock();
    }
    changed.wakeAll();
  }

  /// Ends the service: what is in the ring is taken, then the page is given back. Called by the
  /// daemon.
  void end() {
    serve();
    events.unbind(port);
    mapping.close();
    broken = true;
    lock.lock();
    try {
      stopped = stopping;
      gone = true;
    } finally {
      lock.unlock();
    }
    changed.wakeAll();
  }

  /// Returns the end of what it printed.
  byte[] logged() {
    lock.lock();
    try {
      byte[] bytes = new byte[log.size()];
      log.peek(bytes, bytes.length);
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  /// Lets somebody in.
  ConsoleSession attach() {
    Session session = new Session();
    lock.lock();
    try {
      sessions.add(session);
    } finally {
      lock.unlock();
    }
    return session;
  }

  private final class Session implements ConsoleSession {
    private final ByteQueue output = new ByteQueue(SESSION_BYTES_MAX);

    @Override
    public int read(byte[] into, long timeoutNanos) {
      int bytes = readQueued(into, deadline(timeoutNanos));
      if (bytes > 0) {
        wantService.run(); // there is room again
      }
      return bytes;
    }

    private int readQueued(byte[] into, long deadline) {
      lock.lock();
      try {
        while (output.size() == 0) {
          if (gone || stopped != null) {
            return -1;
          }
          if (!sleep(deadline)) {
            return 0;
          }
        }
        int bytes = output.peek(into, into.length);
        output.drop(bytes);
        return bytes;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public int write(byte[] bytes, int length, long timeoutNanos) {
      long deadline = deadline(timeoutNanos);
      int written = 0;
      while (written < length) {
        int taken = enqueue(bytes, written, length - written, deadline);
        if (taken == 0) {
          break;
        }
        written += taken;
        wantService.run();
      }
      return written;
    }

    private int enqueue(byte[] bytes, int offset, int length, long deadline) {
      lock.lock();
      try {
        while (input.room() == 0) {
          if (gone || !sleep(deadline)) {
            return 0;
          }
        }
        return gone ? 0 : input.put(bytes, offset, length);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public boolean claimInput(long timeoutNanos) {
      long deadline = deadline(timeoutNanos);
      lock.lock();
      try {
        while (typist != null && typist != this) {
          if (gone || !sleep(deadline)) {
            return false;
          }
        }
        typist = this;
        return !gone;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Optional<ShutdownReason> stopped() {
      lock.lock();
      try {
        return Optional.ofNullable(stopped);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        sessions.remove(this);
        if (typist == this) {
          typist = null;
        }
      } finally {
        lock.unlock();
      }
      changed.wakeAll();
      wantService.run(); // others may have more room than this one had
    }
  }

  private long deadline(long timeoutNanos) {
    return timeoutNanos == WaitQueue.FOREVER ? WaitQueue.FOREVER : clock.nanos() + timeoutNanos;
  }

  // Returns false if the time is over or a signal came.
  @GuardedBy("lock")
  private boolean sleep(long deadline) {
    long left = deadline == WaitQueue.FOREVER ? deadline : deadline - clock.nanos();
    return left > 0 && changed.sleep(Task.State.S, left, lock) != WaitQueue.Wake.SIGNAL;
  }
}
