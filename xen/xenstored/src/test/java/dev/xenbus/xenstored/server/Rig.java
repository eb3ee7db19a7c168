package dev.xenbus.xenstored.server;

import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.xenstored.store.Dialect;
import dev.xenbus.xenstored.store.StoreSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/// A daemon with a made-up hypervisor, in a machine of either kind.
final class Rig {
  private static final int SEEDS = 20;
  private static final int PATIENT_SEEDS = 100;

  final Machine machine;
  final FakeXen xen;
  final Server server;
  final List<String> log = new ArrayList<>();

  /// What a test does, as a task of the machine.
  interface Script {
    void run(Rig rig) throws Exception;
  }

  private Rig(Machine machine, Dialect dialect) throws Exception {
    this.machine = machine;
    this.xen = new FakeXen(machine.cpu("guests"));
    this.server =
        new Server(
            machine.cpu("dom0"),
            new Server.Options(
                Optional.of(xen.devices()),
                List.of(),
                Map.of(),
                Map.of(),
                StoreSettings.of(dialect),
                Optional.empty(),
                Optional.empty(),
                log::add));
  }

  /// Runs a script on a live machine and under several seeds.
  static void everywhere(Script script) throws MachineFailure {
    on(new LiveMachine(), script);
    for (long seed = 1; seed <= SEEDS; seed++) {
      on(new SimulatedMachine(Long.getLong("seed", seed)), script);
    }
  }

  /// Runs a script on a live machine, for what takes many requests.
  static void live(Script script) throws MachineFailure {
    on(new LiveMachine(), script);
  }

  /// Runs a script under many seeds on machines on which no time-out comes early, so that no event
  /// grows too old.
  static void patiently(Script script) throws MachineFailure {
    for (long seed = 1; seed <= PATIENT_SEEDS; seed++) {
      on(
          new SimulatedMachine(
              SimulatedMachine.Options.seed(Long.getLong("seed", seed)).with(RandomWalk.patient())),
          script);
    }
  }

  static void on(Machine machine, Script script) throws MachineFailure {
    on(machine, Dialect.C, script);
  }

  static void on(Machine machine, Dialect dialect, Script script) throws MachineFailure {
    Callable<Void> main =
        () -> {
          Rig rig = new Rig(machine, dialect);
          script.run(rig);
          rig.server.stop();
          return null;
        };
    machine.run(main);
  }

  PipePeer pipe() {
    return new PipePeer(server.connect());
  }

  /// Makes and introduces a guest.
  RingPeer guest(PipePeer toolstack, int domid) throws Exception {
    RingPeer peer = new RingPeer(xen.create(domid));
    introduce(toolstack, domid);
    return peer;
  }

  static void introduce(PipePeer toolstack, int domid) throws Exception {
    String reply =
        toolstack.ask(
            dev.xenbus.abi.xenstore.MessageType.INTRODUCE, domid + "|1|" + (domid + 1) + "|");
    if (!reply.equals("OK|")) {
      throw new AssertionError(reply);
    }
  }
}
