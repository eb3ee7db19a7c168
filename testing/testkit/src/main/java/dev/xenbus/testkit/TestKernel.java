package dev.xenbus.testkit;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.BlockCore;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.KernelModules;
import dev.xenbus.linux.api.NetCore;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.machine.WorkQueue;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A kernel for tests: threads of the machine, and stand-ins for the rest; no network, no disks.
///
/// Threads: any.
public final class TestKernel implements Kernel {
  private final Domid domid;
  private final TestCpu cpu;
  private final TestLog log;
  private final TestFiles files = new TestFiles();
  private final TestEvents events;
  private final TestGrants grants;
  private final TestPages pages;
  private final WorkQueue works;
  private final WaitQueue stalls;
  private final ConcurrentSkipListSet<String> stalled = new ConcurrentSkipListSet<>();
  private final AtomicInteger held = new AtomicInteger();
  private final CopyOnWriteArrayList<ShutdownReason> powered = new CopyOnWriteArrayList<>();
  private volatile SystemState state = SystemState.RUNNING;
  private volatile KernelModules modules = KernelModules.BUILT_IN;

  /// Makes a kernel that runs.
  public TestKernel(Machine machine, TestXen xen, Domid domid) {
    this.domid = domid;
    cpu = new TestCpu(machine.cpu("dom" + domid));
    log = new TestLog(machine.clock());
    events = new TestEvents(xen, domid, cpu);
    pages = new TestPages(xen);
    grants = new TestGrants(xen, domid, pages);
    works = cpu.workQueue("events", 4);
    stalls = cpu.waitQueue("xwstall");
  }

  @Override
  public Domid domid() {
    return domid;
  }

  @Override
  public Cpu cpu() {
    return cpu;
  }

  /// Lets the next threads of a name fail to be made.
  public void failThreads(String comm, int times) {
    cpu.failThreads(comm, times);
  }

  @Override
  public Printk printk() {
    return log;
  }

  /// Returns the texts of the log.
  public List<String> logTexts() {
    return log.lines().stream().map(Printk.Line::text).toList();
  }

  @Override
  public Pages pages() {
    return pages;
  }

  /// Sets how many pages there are.
  public void pagesMax(int max) {
    pages.max(max);
  }

  /// Sets how many grants there may be.
  public void grantsMax(int max) {
    grants.max(max);
  }

  /// Sets whether no port is left.
  public void portsUsedUp(boolean usedUp) {
    events.full(usedUp);
  }

  @Override
  public KernelModules modules() {
    return modules;
  }

  /// Sets what keeps its modules.
  public void modules(KernelModules newModules) {
    modules = newModules;
  }

  @Override
  public GrantTable grants() {
    return grants;
  }

  @Override
  public EventChannels events() {
    return events;
  }

  @Override
  public NetCore net() {
    throw new UnsupportedOperationException("no network");
  }

  @Override
  public BlockCore block() {
    throw new UnsupportedOperationException("no disks");
  }

  @Override
  public KernelFiles files() {
    return files;
  }

  @Override
  public WorkQueue systemWorkQueue() {
    return works;
  }

  @Override
  public SystemState systemState() {
    return state;
  }

  /// Sets the phase.
  public void systemState(SystemState newState) {
    state = newState;
  }

  @Override
  public ParameterValues parameters() {
    return NO_PARAMETERS;
  }

  /// No parameter was declared.
  public static final ParameterValues NO_PARAMETERS =
      new ParameterValues() {
        @Override
        public boolean flag(String name) {
          throw new IllegalArgumentException("no flag " + name);
        }

        @Override
        public long number(String name) {
          throw new IllegalArgumentException("no number " + name);
        }

        @Override
        public String text(String name) {
          throw new IllegalArgumentException("no text " + name);
        }
      };

  @Override
  public void power(ShutdownReason reason) {
    powered.add(reason);
    state = SystemState.HALTING;
  }

  /// Returns how often, and why, it was told to end.
  public List<ShutdownReason> powered() {
    return List.copyOf(powered);
  }

  /// Holds every task that comes to this stall point from now on.
  public void hold(String kind, String subject) {
    stalled.add(kind + "/" + subject);
  }

  /// Waits until so many tasks in all have been held.
  public void awaitHeld(int count) {
    TestMachines.await(() -> held.get() >= count);
  }

  /// Lets those who are held go on.
  public void release(String kind, String subject) {
    stalled.remove(kind + "/" + subject);
    stalls.wakeAll();
  }

  @Override
  public void stallPoint(String kind, String subject) {
    String name = kind + "/" + subject;
    if (stalled.contains(name)) {
      held.incrementAndGet();
      stalls.await(Task.State.D, WaitQueue.FOREVER, () -> !stalled.contains(name));
    }
  }

  /// Starts a kernel thread.
  public Task spawn(String comm, Runnable what) throws NoThread {
    Task task =
        cpu()
            .kthread(
                comm,
                self -> {
                  what.run();
                  return 0;
                });
    task.wake();
    return task;
  }
}
