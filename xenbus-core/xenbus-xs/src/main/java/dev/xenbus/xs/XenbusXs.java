package dev.xenbus.xs;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.RwSemaphore;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xs.mtwatch.MtwatchDispatchers;
import dev.xenbus.xs.watch.EventQueue;
import dev.xenbus.xs.watch.QueueReport;
import dev.xenbus.xs.watch.RegisteredWatch;
import dev.xenbus.xs.watch.SingleThreadDispatcher;
import dev.xenbus.xs.watch.WatchDispatcher;
import dev.xenbus.xs.watch.WatchThread;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One kernel's xenbus: its requests to the store, its watches, and the threads `xenbus` and
/// `xenwatch` (with mtwatch, also `xen-mtwatch-<domid>`). Mirrors `drivers/xen/xenbus/xenbus_xs.c`.
///
/// Threads: any task may call any method, except where it says otherwise. The order of locks is in
/// the package's description.
public final class XenbusXs implements Xenbus, AutoCloseable {
  /// How long a suspend waits for callbacks that run (`freeze_timeout_msecs`).
  public static final long FREEZE_TIMEOUT_NANOS = 20_000_000_000L;

  /// How long [#close] waits for each thread.
  public static final long STOP_TIMEOUT_NANOS = 10_000_000_000L;

  private static final String QUEUES_FILE = "/sys/kernel/debug/xenwatch/queues";

  /// The device through which processes of the domain reach the store.
  public static final String DEVICE = "/dev/xen/xenbus";

  private final Kernel kernel;
  private volatile StoreConnection connection;
  private final Mtwatch mtwatch;
  private final WaitQueue ringWait;
  private final StoreRing ring;
  private final SuspendGate gate;
  private final RequestChannel requests;
  private final ReplyReader reader;
  private final StoreCalls calls;
  private final WatchTable watches;
  private final WatchDispatcher dispatcher;

  /// `xs_watch_rwsem`.
  private final RwSemaphore registrationLock;

  private final Suspension suspension;

  private final LazyWorkQueue userWorks;

  private volatile @Nullable EventChannel channel;
  private volatile @Nullable Task thread;
  private volatile boolean closed;

  /// Makes it; nothing happens before [#start].
  public XenbusXs(Kernel kernel, StoreConnection connection, Mtwatch mtwatch) {
    this.kernel = kernel;
    this.connection = connection;
    this.mtwatch = mtwatch;
    ringWait = kernel.cpu().waitQueue("xenbus_thread");
    ring = new StoreRing(connection.page());
    gate = new SuspendGate(kernel);
    requests = new RequestChannel(kernel, gate, this::isOk, ringWait);
    calls = new StoreCalls(kernel, requests);
    watches = new WatchTable(kernel);
    userWorks = new LazyWorkQueue(kernel, "xenbus_worker");
    registrationLock = kernel.cpu().rwSemaphore(LockClass.of("xs_watch_rwsem"));
    // The package of mtwatch is not touched unless it is wanted: with it off, no class of it loads.
    dispatcher =
        mtwatch == Mtwatch.OFF
            ? new SingleThreadDispatcher(kernel)
            : MtwatchDispatchers.make(kernel, this, mtwatch == Mtwatch.SUMMIT);
    reader =
        new ReplyReader(
            kernel,
            ring,
            requests,
            ringWait,
            (path, token) -> watches.deliver(path, token, dispatcher));
    suspension =
        new Suspension(
            kernel,
            new Suspension.Parts(registrationLock, gate, reader, watches, calls, dispatcher));
  }

  /// Connects to the store and starts the threads. Mirrors `xs_init` and `xb_init_comms`.
  ///
  /// @throws KernelException if the event channel cannot be had; `ENOMEM` if a thread cannot
  public void start() throws KernelException {
    openChannel();
    try {
      Task xenbus = kernel.cpu().kthread("xenbus", reader::run);
      thread = xenbus;
      xenbus.wake();
      dispatcher.start();
    } catch (NoThread e) {
      throw new KernelException(Errno.ENOMEM, "xenbus: " + e.getMessage(), e);
    }
    if (mayHavePredecessor()) {
      resetWatches();
    }
    KernelFiles.DeviceFile device = this::openUserFile;
    kernel.files().add(DEVICE, device);
    kernel
        .files()
        .add(
            QUEUES_FILE,
            () ->
                QueueReport.format(dispatcher.queues().stream().map(EventQueue::report).toList()));
  }

  Kernel kernel() {
    return kernel;
  }

  RequestChannel requests() {
    return requests;
  }

  /// Opens `/dev/xen/xenbus` for a process (`xenbus_file_open`).
  ///
  /// @throws KernelException `ENOENT` before [#start] and after [#close]
  public XenbusUserFile openUserFile() throws KernelException {
    if (channel == null || closed) {
      throw new KernelException(Errno.ENOENT, DEVICE + ": no channel to the store");
    }
    return new XenbusUserFile(this);
  }

  /// Runs a work for a user's file, in a worker that the first one makes.
  void userWork(Runnable work) {
    if (!closed) {
      userWorks.get().queue(work);
    }
  }

  /// Returns whether another kernel may have run in this domain before, and left devices behind.
  public boolean mayHavePredecessor() {
    return connection.kind() == StoreConnection.Kind.HVM;
  }

  /// Lets the store forget what an earlier kernel of this domain watched.
  @KernelSymbol("xs_reset_watches")
  private void resetWatches() {
    if (readUnsigned("control", "platform-feature-xs_reset_watches", 0) == 0) {
      return;
    }
    try {
      calls.strings(MessageType.RESET_WATCHES, XenbusTransaction.NONE, "");
    } catch (XenstoreException e) {
      if (e.errno() != Errno.EEXIST) {
        kernel.printk().warn("xs_reset_watches failed: " + -e.errno().number());
      }
    }
  }

  private void openChannel() throws KernelException {
    if (!ring.isRequestRingQuiet()) {
      kernel
          .printk()
          .error("xenbus: request ring is not quiescent (%s)!".formatted(ring.requestIndices()));
    }
    if (ring.isReadable()) {
      kernel
          .printk()
          .warn(
              "xenbus: response ring is not quiescent (%s): fixing up"
                  .formatted(ring.responseIndices()));
      ring.discardResponses();
    }
    EventChannel opened = connection.channel().open("xenbus", ringWait::wakeAll);
    channel = opened;
    ring.channel(opened);
  }

  /// Returns the local port of the channel to the store, or 0 before [#start].
  public int storePort() {
    EventChannel open = channel;
    return open == null ? 0 : open.port();
  }

  /// Returns the design that runs watch events.
  public Mtwatch mtwatch() {
    return mtwatch;
  }

  /// Returns whether a driver's events go to its guests' threads.
  ///
  /// @param supportsMtwatch what the driver says of itself
  public boolean routesEventsOf(boolean supportsMtwatch) {
    return dispatcher.routesEventsOf(supportsMtwatch);
  }

  /// Counts a device of a driver with mtwatch: its guest's thread stays for as long. Does not
  /// sleep.
  public void deviceAdded(Domid guest) {
    dispatcher.deviceAdded(guest);
  }

  /// Undoes one [#deviceAdded]; any thread, the guest's own too. Does not sleep.
  public void deviceRemoved(Domid guest) {
    dispatcher.deviceRemoved(guest);
  }

  /// Returns whether the calling task is one that runs watch callbacks: whoever waits there for
  /// somebody else's work may wait for somebody who waits for this callback to end.
  public static boolean isWatchThread() {
    return WatchThread.isCaller();
  }

  /// Returns how many watches are registered.
  public int watchCount() {
    return watches.size();
  }

  /// Returns how many queues of watch events there are, that of `xenwatch` included.
  public int queueCount() {
    return dispatcher.queues().size();
  }

  /// Returns how many requests and transactions are open (`xs_state_users`).
  public int users() {
    return gate.users();
  }

  /// Returns how often the domain was suspended (`xb_dev_generation_id`).
  public long generation() {
    return gate.generation();
  }

  /// Returns whether the store can be talked to. Mirrors `xenbus_ok`.
  private boolean isOk() {
    if (closed) {
      return false;
    }
    return connection.kind() != StoreConnection.Kind.LOCAL
        || kernel.systemState() != Kernel.SystemState.HALTING;
  }

  /// The system goes down: whoever waits for a reply looks again whether it can still come. Call it
  /// after the system state changed. Mirrors `xs_reboot_notify`.
  public void rebootNotify() {
    requests.wakeWaiters();
  }

  @Override
  @KernelSymbol("xenbus_directory")
  public List<String> directory(XenbusTransaction tx, String dir, String node)
      throws XenstoreException {
    return calls.directory(tx, StoreCalls.join(dir, node));
  }

  @Override
  @KernelSymbol("xenbus_exists")
  public boolean exists(XenbusTransaction tx, String dir, String node) {
    return calls.exists(tx, StoreCalls.join(dir, node));
  }

  @Override
  @KernelSymbol("xenbus_read")
  public String read(XenbusTransaction tx, String dir, String node) throws XenstoreException {
    return calls.read(tx, StoreCalls.join(dir, node));
  }

  @Override
  @KernelSymbol("xenbus_write")
  public void write(XenbusTransaction tx, String dir, String node, String value)
      throws XenstoreException {
    calls.write(tx, StoreCalls.join(dir, node), value);
  }

  @Override
  @KernelSymbol("xenbus_rm")
  public void remove(XenbusTransaction tx, String dir, String node) throws XenstoreException {
    calls.remove(tx, StoreCalls.join(dir, node));
  }

  @Override
  public long readUnsigned(String dir, String node, long fallback) {
    return calls.readUnsigned(StoreCalls.join(dir, node), fallback);
  }

  @Override
  public long readNumber(XenbusTransaction tx, String dir, String node) throws XenstoreException {
    return calls.readNumber(tx, StoreCalls.join(dir, node));
  }

  @Override
  public XenbusState readDriverState(String path) {
    return XenbusState.ofCode(readDriverStateCode(path));
  }

  /// Returns the number in `path/state`, which need not be a state's; 0 if it cannot be read.
  public int readDriverStateCode(String path) {
    return calls.readDriverStateCode(path);
  }

  @Override
  public <T> T transaction(TransactionBody<T> body) throws XenstoreException {
    return calls.transaction(body);
  }

  /// Starts a transaction; [#endTransaction] must follow (`xenbus_transaction_start`).
  ///
  /// @throws XenstoreException the store's errno
  @KernelSymbol("xenbus_transaction_start")
  public XenbusTransaction startTransaction() throws XenstoreException {
    return calls.start();
  }

  /// Commits or drops a transaction (`xenbus_transaction_end`).
  ///
  /// @throws XenstoreException `EAGAIN` if a commit conflicts, else the store's errno
  @KernelSymbol("xenbus_transaction_end")
  public void endTransaction(XenbusTransaction tx, boolean abort) throws XenstoreException {
    calls.end(tx, abort);
  }

  @Override
  @KernelSymbol("register_xenbus_watch")
  public XenbusWatch watch(String path, WatchCallback callback) throws XenstoreException {
    return watch(path, WatchOptions.DEFAULT, callback);
  }

  /// Mirrors `register_xenbus_watch`: the watch can be found before the store hears of it, since
  /// its first event may come before the reply.
  @Override
  @KernelSymbol("register_xenbus_watch")
  public XenbusWatch watch(String path, WatchOptions options, WatchCallback callback)
      throws XenstoreException {
    RegisteredWatch watch =
        new RegisteredWatch(path, watches.newToken(), options, callback, this::unregister);
    try {
      register(watch);
      return watch;
    } catch (XenstoreException e) {
      // Not under the lock: a callback that registers a watch may be what is waited for.
      dispatcher.drain(watch);
      throw e;
    }
  }

  private void register(RegisteredWatch watch) throws XenstoreException {
    lockRegistration();
    try {
      watches.add(watch);
      calls.strings(MessageType.WATCH, XenbusTransaction.NONE, watch.path(), watch.storeToken());
    } catch (XenstoreException e) {
      watches.remove(watch);
      throw e;
    } finally {
      unlockRegistration();
    }
  }

  private void lockRegistration() {
    gate.enterRegistration();
    registrationLock.read().lock();
  }

  private void unlockRegistration() {
    registrationLock.read().unlock();
    gate.exitRegistration();
  }

  /// Mirrors `unregister_xenbus_watch`. A second caller waits too, as far as the first would.
  @KernelSymbol("unregister_xenbus_watch")
  private void unregister(RegisteredWatch watch, boolean first) {
    if (first) {
      lockRegistration();
      try {
        watches.remove(watch);
        calls.strings(
            MessageType.UNWATCH, XenbusTransaction.NONE, watch.path(), watch.storeToken());
      } catch (XenstoreException e) {
        if (!closed) {
          kernel
              .printk()
              .warn("Failed to release watch " + watch.path() + ": " + -e.errno().number());
        }
      } finally {
        unlockRegistration();
      }
    }
    dispatcher.drain(watch);
    watch.tellGone(kernel);
  }

  /// Begins a suspend: afterwards no callback runs and no byte moves on the ring, until one of the
  /// methods that end it is called in the same task. Mirrors `xs_suspend`, and the freezer before
  /// it.
  ///
  /// @throws KernelException `EBUSY` if a callback does not end within 20 s
  public void suspend() throws KernelException {
    suspension.suspend();
  }

  /// Ends a suspend in a new life: connects again, registers all watches again, each of which
  /// fires, and lets callbacks run. Mirrors `xs_resume`.
  ///
  /// @throws KernelException if the event channel cannot be had
  public void resume() throws KernelException {
    resume(connection);
  }

  /// Ends a suspend as [#resume] does, over another page and port.
  ///
  /// @throws KernelException if the event channel cannot be had
  public void resume(StoreConnection fresh) throws KernelException {
    suspension.resume(
        () -> {
          EventChannel old = channel;
          if (old != null) {
            old.close();
          }
          connection = fresh;
          ring.page(fresh.page());
          openChannel();
        });
  }

  /// Ends a suspend in which the store slept as well, as it does when the whole machine sleeps: the
  /// ring is as it was, and all watches are registered again, each of which fires.
  public void resumeWithStore() {
    suspension.resumeWithStore();
  }

  /// Ends a suspend that did not take place: nothing is registered again. Mirrors
  /// `xs_suspend_cancel`.
  public void cancelSuspend() {
    suspension.cancel();
  }

  /// Ends the threads and closes the channel; requests under way fail with `EIO`. A thread that is
  /// stuck in a callback is named in the log after 10 s and left. May be called twice; not from a
  /// callback's thread.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    requests.wakeWaiters();
    userWorks.close();
    for (String comm : dispatcher.close(STOP_TIMEOUT_NANOS)) {
      kernel.printk().error(comm + " did not stop");
    }
    Task reading = thread;
    if (reading != null) {
      reading.stop();
      kernel.files().remove(QUEUES_FILE);
    }
    EventChannel open = channel;
    if (open != null) {
      ring.channel(null);
      open.close();
    }
  }
}
