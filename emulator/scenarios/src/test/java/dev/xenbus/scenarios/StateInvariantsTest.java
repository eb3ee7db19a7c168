package dev.xenbus.scenarios;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.probe.backend.BackendBus;
import dev.xenbus.testkit.TestBackend;
import dev.xenbus.testkit.TestKernel;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The states of devices, against a driver that publishes one where it may not.
class StateInvariantsTest {
  private static final Domid GUEST = Domid.of(2);
  private static final String STATE = "/local/domain/2/device/vif/0/state";

  private final Planted planted = new Planted();

  /// A driver of vifs that has published InitWait, and publishes something else once its frontend
  /// is Initialised.
  private static TestBackend driver(XenbusState next) {
    return new TestBackend("vif", true) {
      @Override
      protected void onChanged(XenbusDevice device, XenbusState state) {
        if (state == XenbusState.INITIALISED) {
          device.switchState(next);
        }
      }
    };
  }

  private BackendBus start(MtwatchBench bench, TestBackend driver) throws KernelException {
    BackendBus bus =
        new BackendBus(bench.kernel, bench.xs, List.of(driver), _ -> TestKernel.NO_PARAMETERS);
    bus.start();
    bench.store.addDevice("vif", Domid.DOM0, GUEST, "0");
    bench.await(() -> backendState(bench).equals("2"));
    bench.store.write(STATE, "3");
    return bus;
  }

  private static String backendState(MtwatchBench bench) {
    return bench.store.read("/local/domain/0/backend/vif/2/0/state").orElse("");
  }

  @Test
  void driverThatMakesALegalStepHolds() {
    planted.holds(
        machine -> {
          try (MtwatchBench bench = new MtwatchBench(planted)) {
            BackendBus bus = start(bench, driver(XenbusState.CLOSED));
            bench.await(() -> backendState(bench).equals("6"));
            planted.invariants.powersOff();
            bus.close();
          }
        });
  }

  @Test
  void driverThatMakesAnIllegalStep() {
    planted.breaks(
        "states",
        "backend/vif/2/0 goes from InitWait to Reconfiguring",
        machine -> start(new MtwatchBench(planted), driver(XenbusState.RECONFIGURING)));
  }

  @Test
  void driverThatGoesBack() {
    planted.breaks(
        "states",
        "backend/vif/2/0 goes from InitWait to Initialising",
        machine -> start(new MtwatchBench(planted), driver(XenbusState.INITIALISING)));
  }
}
