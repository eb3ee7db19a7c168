package dev.xenbus.scenarios;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.DeviceFact;
import dev.xenbus.api.DriverFact;
import dev.xenbus.api.MtwatchFact;
import dev.xenbus.api.StateFact;
import dev.xenbus.api.SuspendFact;
import dev.xenbus.api.WatchFact;
import dev.xenbus.hypervisor.GrantFact;
import dev.xenbus.hypervisor.XenFact;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.RawSpinLock;
import dev.xenbus.machine.SimulatedMachine;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What must hold while a scenario runs: heard from the facts that kernels and hypervisor tell,
/// each in constant time, and looked at by the machine at every step.
///
/// | class | what it checks |
/// |---|---|
/// | [WatchInvariants] | W1, W3, W6, W8, W10, lost events |
/// | [MtwatchInvariants] | W4, W5, W9 |
/// | [DelayInvariants] | W2, W7 |
/// | [ThreadInvariants] | no thread without what it is for, and none missing |
/// | [StateInvariants] | the states that drivers publish |
/// | [GrantInvariants] | grants, mappings, pages |
///
/// What must happen in the end is said as a time: where a thread could run, and does not for
/// [#GRACE_NANOS], it never will, since virtual time moves only when nobody can run. So these
/// clauses are checked in virtual time, unless the strategy moves it early, and of dom0's kernel
/// alone, which is never paused; all others are checked of every kernel and on every machine.
///
/// Threads: on a live machine facts come from several tasks at once; `lock` is taken for each.
final class Invariants {
  /// How long what could happen at once may take.
  static final long GRACE_NANOS = 1_000_000_000L;

  /// How often what takes time is looked at.
  private static final long LOOK_NANOS = 200_000_000L;

  private final Machine machine;
  private final RawSpinLock lock = new RawSpinLock();
  private final Breaches broken = new Breaches();
  private final MtwatchInvariants mtwatch;
  private final WatchInvariants watches;
  private final DelayInvariants delays;
  private final ThreadInvariants threads;
  private final GrantInvariants grants = new GrantInvariants(broken);

  /// Kernels whose callbacks may not begin, or that have been told to go on, since when.
  private final Map<Domid, Long> restful = new TreeMap<>();

  private boolean judgesTime;
  private long nextLook;

  private Invariants(Machine machine, Dispatcher dispatcher) {
    this.machine = machine;
    mtwatch = new MtwatchInvariants(broken, dispatcher);
    watches = new WatchInvariants(broken, dispatcher, mtwatch);
    delays = new DelayInvariants(broken, dispatcher, machine);
    threads = new ThreadInvariants(broken, machine, mtwatch);
    judgesTime =
        machine instanceof SimulatedMachine simulated
            && !simulated.options().strategy().advancesEarly();
  }

  /// Starts to check a machine, before dom0 boots.
  static Invariants of(Machine machine, Dispatcher dispatcher) {
    Invariants invariants = new Invariants(machine, dispatcher);
    machine.trace().listener(invariants::heard);
    machine.invariant("the contract of watch events, threads, states and grants", invariants::hold);
    return invariants;
  }

  /// Returns what did not hold, a line each.
  List<String> broken() {
    return broken.lines();
  }

  /// Made at every step of a simulated machine, where nothing else runs meanwhile.
  private boolean hold() {
    grants.checkBalance();
    if (judgesTime) {
      long now = machine.clock().nanos();
      if (now >= nextLook) {
        nextLook = now + LOOK_NANOS;
        look(now);
      }
    }
    return broken.isEmpty();
  }

  private void look(long now) {
    long rest = restful.getOrDefault(Domid.DOM0, 0L);
    if (now - rest <= GRACE_NANOS) {
      return;
    }
    mtwatch.look(now);
    threads.look(now, delays.look(now, mtwatch));
  }

  void heard(String point, long first, long second, Object on) {
    if (on instanceof String) {
      return; // by far the most
    }
    lock.lock();
    try {
      told(point, first, second, on);
    } finally {
      lock.unlock();
    }
  }

  private void told(String point, long first, long number, Object on) {
    long now = machine.clock().nanos();
    switch (on) {
      case XenFact fact -> grants.heard(fact, first, number);
      case GrantFact fact -> grants.heard(point, fact);
      case WatchFact fact -> {
        watches.heard(point, number, fact);
        mtwatch.heard(point, fact, now);
        delays.heard(point, number, fact, now);
      }
      case MtwatchFact fact -> mtwatch.heard(point, number, fact, now);
      case DeviceFact fact -> {
        mtwatch.heard(point, fact, now);
        threads.heard(point, fact);
      }
      case DriverFact fact -> mtwatch.heard(fact);
      case StateFact fact -> {
        if (point.equals("device_state")) {
          StateInvariants.broken(fact).ifPresent(broken::add);
        }
        threads.heard(fact, now);
      }
      case SuspendFact fact -> {
        restful.put(fact.kernel(), point.equals("xs_thaw") ? now : Long.MAX_VALUE / 2);
        watches.heard(point, fact);
      }
      default -> {}
    }
  }

  /// The scenario is over, and dom0 is about to power off: what goes on now is stopped half way.
  void powersOff() {
    judgesTime = false;
  }

  /// Checks that no thread and no mapping is left, when dom0 is down.
  void checkPoweredOff() {
    threads.checkPoweredOff();
    grants.checkPoweredOff();
  }

  /// Checks that nothing was lost, when all is over.
  void checkEnd() {
    watches.checkEnd();
    grants.checkBalance();
  }
}
