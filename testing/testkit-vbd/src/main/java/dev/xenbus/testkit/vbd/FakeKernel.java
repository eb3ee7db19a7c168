package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.Hypercalls;
import dev.xenbus.abi.hypercall.SharedInfo;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.BlockCore;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.NetCore;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.linux.block.LinuxBlockCore;
import dev.xenbus.linux.xen.XenPlatform;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.machine.WorkQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// A kernel with real pages, grants, event channels and a real block core, and everything else in
/// miniature.
public final class FakeKernel implements Kernel {
  private final FakeXen xen;
  private final Cpu cpu;
  private final FakePrintk printk = new FakePrintk();
  private final XenPlatform platform;
  private final SharedInfo sharedInfo;
  private final LimitedPages pages;
  private final CountedGrants grants;
  private final LinuxBlockCore block;
  private final WorkQueue systemWorkQueue;
  private final ArrayDeque<Runnable> watchEvents = new ArrayDeque<>();
  private final WaitQueue watchQueue;
  private final Task xenwatch;
  private final CopyOnWriteArrayList<Runnable> stallListeners = new CopyOnWriteArrayList<>();

  /// Of which thread a page is wanted; empty if none is.
  private volatile String pageWantedOf = "";

  private volatile @Nullable MappedGrant heldPage;

  FakeKernel(FakeXen xen, Cpu cpu, Hypercalls hypercalls) {
    this.xen = xen;
    this.cpu = cpu;
    this.systemWorkQueue = cpu.workQueue("events", 4);
    this.platform =
        new XenPlatform(new XenPlatform.Options(cpu, hypercalls, printk, systemWorkQueue));
    this.sharedInfo = new SharedInfo(hypercalls.events().sharedInfo());
    this.pages = new LimitedPages(platform.pages());
    this.grants = new CountedGrants(platform.grants());
    this.block = new LinuxBlockCore(cpu, printk);
    this.watchQueue = cpu.waitQueue("xenwatch_thread");
    try {
      this.xenwatch = cpu.kthread("xenwatch", this::xenwatchThread);
    } catch (NoThread e) {
      throw new IllegalStateException(e);
    }
    xenwatch.wake();
  }

  @KernelSymbol("xenwatch_thread")
  private int xenwatchThread(Task self) {
    while (!self.shouldStop()) {
      watchQueue.await(Task.State.S, WaitQueue.FOREVER, this::hasWatchEvent);
      Runnable event = nextWatchEvent();
      if (event != null) {
        try {
          event.run();
        } catch (RuntimeException e) {
          xen.fault(String.valueOf(e));
          throw e;
        }
      }
    }
    return 0;
  }

  private boolean hasWatchEvent() {
    synchronized (watchEvents) {
      return !watchEvents.isEmpty();
    }
  }

  private @Nullable Runnable nextWatchEvent() {
    synchronized (watchEvents) {
      return watchEvents.pollFirst();
    }
  }

  /// Runs something in `xenwatch`, after what waits there.
  public void post(Runnable event) {
    synchronized (watchEvents) {
      watchEvents.addLast(event);
    }
    watchQueue.wakeAll();
  }

  /// Returns whether `xenwatch` has nothing to do and does nothing.
  public boolean isWatchIdle() {
    return !hasWatchEvent() && xenwatch.wchan().equals("xenwatch_thread");
  }

  /// Returns the thread of the watches.
  public Task xenwatch() {
    return xenwatch;
  }

  FakeXen xen() {
    return xen;
  }

  @Override
  public Domid domid() {
    return platform.domid();
  }

  @Override
  public Cpu cpu() {
    return cpu;
  }

  @Override
  public Printk printk() {
    return printk;
  }

  @Override
  public LimitedPages pages() {
    return pages;
  }

  @Override
  public GrantTable grants() {
    return grants;
  }

  /// Returns the page with its events' bits.
  public SharedInfo sharedInfo() {
    return sharedInfo;
  }

  /// Returns how many references are given to others.
  public int givenCount() {
    return platform.grantsInUse();
  }

  /// Returns how many pages of others are mapped.
  public int mappedCount() {
    return platform.mappings();
  }

  /// Returns how often a page of others was mapped.
  public int mapCalls() {
    return grants.mapCalls();
  }

  @Override
  public EventChannels events() {
    return platform.events();
  }

  @Override
  public NetCore net() {
    throw new UnsupportedOperationException("no network");
  }

  @Override
  public BlockCore block() {
    return block;
  }

  /// Returns the block core, with the injector's hook.
  public LinuxBlockCore linuxBlock() {
    return block;
  }

  @Override
  public KernelFiles files() {
    throw new UnsupportedOperationException("no files");
  }

  @Override
  public WorkQueue systemWorkQueue() {
    return systemWorkQueue;
  }

  @Override
  public SystemState systemState() {
    return SystemState.RUNNING;
  }

  @Override
  public ParameterValues parameters() {
    throw new UnsupportedOperationException("no command line");
  }

  @Override
  public void power(ShutdownReason reason) {
    throw new UnsupportedOperationException("no power");
  }

  @Override
  public void stallPoint(String kind, String subject) {}

  /// Takes a reference to a page that a thread of blkback keeps mapped: to the first that is
  /// offered, now or later.
  public void holdPageOf(String comm) {
    pageWantedOf = comm;
    stallListeners.forEach(Runnable::run);
  }

  /// Returns the page that [#holdPageOf] took; null if none was offered yet.
  public @Nullable MappedGrant heldPage() {
    return heldPage;
  }

  /// Returns how many listen for pages being looked for.
  public int stallListeners() {
    return stallListeners.size();
  }

  @Override
  public void stallPage(String kind, String subject, MappedGrant page) {
    if (kind.equals("pgrant") && subject.equals(pageWantedOf)) {
      pageWantedOf = "";
      page.get();
      heldPage = page;
    }
  }

  @Override
  public void addStallListener(Runnable wanted) {
    stallListeners.add(wanted);
  }

  @Override
  public void removeStallListener(Runnable wanted) {
    stallListeners.remove(wanted);
  }

  private final class FakePrintk implements Printk {
    private final List<Line> lines = new ArrayList<>();

    @Override
    public synchronized void log(Level level, String text) {
      lines.add(new Line(clock().nanos(), level, text));
    }

    @Override
    public synchronized List<Line> lines() {
      return List.copyOf(lines);
    }
  }
}
