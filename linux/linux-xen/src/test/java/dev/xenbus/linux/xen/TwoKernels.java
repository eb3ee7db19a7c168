package dev.xenbus.linux.xen;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainControl.BootSpec;
import dev.xenbus.abi.hypercall.DomainControl.DomainSpec;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.Hypercalls;
import dev.xenbus.hypervisor.GuestStart;
import dev.xenbus.hypervisor.Hypervisor;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/// dom0's kernel and one guest's on a machine with a hypervisor.
final class TwoKernels {
  /// What a test does, as a task of the machine.
  interface Script {
    void run(TwoKernels world) throws Exception;
  }

  /// A log that keeps everything.
  static final class Log implements Printk {
    private final List<String> texts = new ArrayList<>();

    @Override
    public synchronized void log(Level level, String text) {
      texts.add(text);
    }

    @Override
    public List<Line> lines() {
      return List.of();
    }

    synchronized List<String> texts() {
      return List.copyOf(texts);
    }
  }

  final Machine machine;
  final Log log = new Log();
  final Hypercalls dom0Calls;
  final DomainControl control;
  final Cpu dom0Cpu;
  final XenPlatform dom0;
  private volatile @Nullable GuestStart started;
  private @Nullable XenPlatform guest;
  private @Nullable Domid guestId;

  private TwoKernels(Machine machine) {
    this.machine = machine;
    Hypervisor xen =
        new Hypervisor(
            machine,
            Hypervisor.Options.ofMemory(256),
            start -> {
              started = start;
              start.cpu().waitQueue("idle").await(Task.State.S, WaitQueue.FOREVER, () -> false);
            });
    dom0Calls = xen.dom0();
    dom0Cpu = xen.dom0Cpu();
    dom0 = platform(dom0Cpu, dom0Calls);
    try {
      control = dom0Calls.domains();
    } catch (HypercallException e) {
      throw new AssertionError(e);
    }
  }

  private XenPlatform platform(Cpu cpu, Hypercalls calls) {
    return new XenPlatform(new XenPlatform.Options(cpu, calls, log, cpu.workQueue("events", 4)));
  }

  /// Runs a script whose assertions depend on time: it moves only when nobody can run.
  static void simulate(Script script) throws MachineFailure {
    long seed = Long.getLong("seed", 1);
    run(
        new SimulatedMachine(SimulatedMachine.Options.seed(seed).with(RandomWalk.patient())),
        script);
  }

  static void simulate(long seed, Script script) throws MachineFailure {
    run(new SimulatedMachine(seed), script);
  }

  static void live(Script script) throws MachineFailure {
    run(new LiveMachine(LiveMachine.Options.usual().endingOnProblem()), script);
  }

  private static void run(Machine machine, Script script) throws MachineFailure {
    TwoKernels world = new TwoKernels(machine);
    Callable<Void> main =
        () -> {
          world.startGuest();
          script.run(world);
          return null;
        };
    machine.run(main);
  }

  private void startGuest() throws HypercallException {
    guestId = control.create(new DomainSpec(new UUID(0, 1), 16, 1));
    control.build(guestId, new BootSpec("vmlinuz", "", ""));
    control.unpause(guestId);
    while (started == null) {
      Task.sleep(100_000);
    }
    guest = platform(guestCpu(), start().hypercalls());
  }

  private GuestStart start() {
    GuestStart start = started;
    if (start == null) {
      throw new AssertionError("the guest has not started");
    }
    return start;
  }

  Cpu guestCpu() {
    return start().cpu();
  }

  Hypercalls guestCalls() {
    return start().hypercalls();
  }

  XenPlatform guest() {
    XenPlatform platform = guest;
    if (platform == null) {
      throw new AssertionError("the guest has not started");
    }
    return platform;
  }

  Domid guestId() {
    return start().domid();
  }

  /// Lets everybody finish what can be finished within the given time.
  static void settle(long millis) {
    Task.sleep(millis * 1_000_000);
  }
}
