package dev.xenbus.hypervisor;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainControl.BootSpec;
import dev.xenbus.abi.hypercall.DomainControl.DomainSpec;
import dev.xenbus.abi.hypercall.GrantEntry;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.Hypercalls;
import dev.xenbus.abi.hypercall.SharedInfo;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;

/// A machine with a hypervisor for tests. Guests boot a callback, and otherwise the test acts for
/// them through their hypercalls.
final class World {
  final Machine machine;
  final Hypervisor xen;
  final Hypercalls dom0;
  final DomainControl control;
  private final Map<Domid, GuestLoader> kernels = new LinkedHashMap<>();
  private final Map<Domid, GuestStart> started = new LinkedHashMap<>();

  /// What a test does inside of the machine.
  interface Script {
    void run(World world) throws Exception;
  }

  World(Machine machine) {
    this(machine, Hypervisor.Options.ofMemory(1024));
  }

  World(Machine machine, Hypervisor.Options options) {
    this.machine = machine;
    this.xen = new Hypervisor(machine, options, this::boot);
    this.dom0 = xen.dom0();
    try {
      this.control = dom0.domains();
    } catch (HypercallException e) {
      throw new AssertionError(e);
    }
  }

  /// Runs a script on a simulated machine of a fixed seed; at its end no page may be lost.
  static void simulate(Script script) throws MachineFailure {
    simulate(Long.getLong("seed", 1), script);
  }

  static void simulate(long seed, Script script) throws MachineFailure {
    run(new SimulatedMachine(seed), script);
  }

  /// Runs a script on a live machine.
  static void live(Script script) throws MachineFailure {
    run(new LiveMachine(LiveMachine.Options.usual().endingOnProblem()), script);
  }

  private static void run(Machine machine, Script script) throws MachineFailure {
    World world = new World(machine);
    Callable<Void> main =
        () -> {
          script.run(world);
          world.xen.checkPages();
          return null;
        };
    machine.run(main);
  }

  private void boot(GuestStart start) {
    synchronized (started) {
      started.put(start.domid(), start);
    }
    GuestLoader kernel;
    synchronized (kernels) {
      kernel = kernels.get(start.domid());
    }
    if (kernel != null) {
      kernel.boot(start);
    }
  }

  /// Makes a guest of 16 MiB, built and paused.
  Domid guest() throws HypercallException {
    return guest(new DomainSpec(new UUID(1, 1), 16, 1));
  }

  Domid guest(DomainSpec spec) throws HypercallException {
    Domid domid = control.create(spec);
    control.build(domid, new BootSpec("vmlinuz", "", ""));
    return domid;
  }

  /// Makes a guest and starts it with the given kernel.
  Domid running(GuestLoader kernel) throws HypercallException {
    Domid domid = guest();
    synchronized (kernels) {
      kernels.put(domid, kernel);
    }
    control.unpause(domid);
    return domid;
  }

  /// Returns the hypercalls of any domain, as its kernel has them.
  Hypercalls of(Domid domid) {
    Domain domain = xen.domains().find(domid.value());
    if (domain == null) {
      throw new AssertionError("no d" + domid);
    }
    return new DomainCalls(xen, new Current(xen.cpu(), domain));
  }

  /// Grants a frame with the given reference, as a kernel does.
  void grant(Domid granter, int ref, Domid to, int frame, boolean readOnly)
      throws HypercallException {
    int flags = GrantEntry.PERMIT_ACCESS | (readOnly ? GrantEntry.READ_ONLY : 0);
    GrantEntry.publish(table(granter, ref), ref, flags, to.value(), frame);
  }

  /// Returns the table frame of a reference.
  MemorySegment table(Domid granter, int ref) throws HypercallException {
    return of(granter)
        .grants()
        .setupTable(ref / GrantEntry.PER_FRAME + 1)
        .get(ref / GrantEntry.PER_FRAME);
  }

  int flags(Domid granter, int ref) throws HypercallException {
    return GrantEntry.flags(GrantEntry.load(table(granter, ref), ref));
  }

  /// Ends a grant as a kernel does; returns whether it could.
  static boolean revoke(MemorySegment table, int ref) {
    while (true) {
      int word = GrantEntry.load(table, ref);
      if ((GrantEntry.flags(word) & (GrantEntry.READING | GrantEntry.WRITING)) != 0) {
        return false;
      }
      if (GrantEntry.compareAndSet(table, ref, word, 0)) {
        return true;
      }
    }
  }

  boolean revoke(Domid granter, int ref) throws HypercallException {
    return revoke(table(granter, ref), ref);
  }

  SharedInfo bits(Domid domid) {
    return new SharedInfo(of(domid).events().sharedInfo());
  }

  /// Returns the state letters of `xl list`.
  String state(Domid domid) {
    return control
        .info(domid)
        .map(
            info ->
                (info.running() ? "r" : "-")
                    + (info.blocked() ? "b" : "-")
                    + (info.paused() ? "p" : "-")
                    + (info.shutdown().isPresent() ? "s" : "-")
                    + info.shutdown().map(reason -> reason.letter()).orElse('-')
                    + (info.dying() ? "d" : "-"))
        .orElse("gone");
  }

  List<Domid> ids() {
    List<Domid> ids = new ArrayList<>();
    control.list().forEach(info -> ids.add(info.domid()));
    return ids;
  }
}
