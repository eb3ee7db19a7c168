package dev.xenbus.blkback;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.io.blkif.BlockProtocol;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.testkit.vbd.RawFrontend;
import dev.xenbus.testkit.vbd.VbdFixture;
import java.util.List;

/// The backend with a frontend of the test's own making.
final class BlkbackBench {
  private BlkbackBench() {}

  interface Body {
    void run(VbdFixture vbd, RawFrontend raw) throws Exception;
  }

  interface Unconnected {
    void run(VbdFixture vbd) throws Exception;
  }

  /// Runs with a probed backend and no ring.
  static void run(long seed, String mode, List<String> parameters, Unconnected body)
      throws MachineFailure {
    var machine = new SimulatedMachine(seed);
    machine.run(
        () -> {
          var vbd = new VbdFixture(machine, mode);
          vbd.startBackend(new BlkbackDriver(), parameters.toArray(String[]::new));
          vbd.awaitState(VbdFixture.BACK, XenbusState.INIT_WAIT);
          body.run(vbd);
          assertEquals(List.of(), vbd.faults());
          return true;
        });
  }

  /// Runs with a connected ring of one page, of either protocol, over 1 MiB of memory.
  static void connected(BlockProtocol protocol, String mode, String node, Body body)
      throws MachineFailure {
    run(
        7,
        mode,
        List.of(),
        vbd -> {
          vbd.hotplug("ram:1M");
          RawFrontend raw = new RawFrontend(vbd, protocol, 1).publish(node);
          vbd.awaitState(VbdFixture.BACK, XenbusState.CONNECTED);
          body.run(vbd, raw);
        });
  }

  /// Runs with a connected, writable 64-bit ring without persistent grants.
  static void connected(Body body) throws MachineFailure {
    connected(BlockProtocol.X86_64, "w", "feature-persistent=0", body);
  }
}
