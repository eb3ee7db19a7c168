package dev.xenbus.scenarios;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.DeviceFact;
import dev.xenbus.api.DriverFact;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.StoreLink;
import dev.xenbus.testkit.TestKernel;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.testkit.TestStore;
import dev.xenbus.testkit.TestXen;
import dev.xenbus.xs.Mtwatch;
import dev.xenbus.xs.StoreConnection;
import dev.xenbus.xs.XenbusXs;
import java.util.function.BooleanSupplier;

/// dom0's xenbus, a scripted store, and a stand-in for the bus that tells of devices as the
/// real one does.
final class MtwatchBench implements AutoCloseable {
  final TestStore store;
  final TestKernel kernel;
  final XenbusXs xs;
  private final Planted planted;

  MtwatchBench(Planted planted) throws NoThread, KernelException {
    this(planted, Mtwatch.SERIES);
  }

  /// Makes one that has another design than the one whose contract is checked.
  MtwatchBench(Planted planted, Mtwatch mtwatch) throws NoThread, KernelException {
    this.planted = planted;
    Machine machine = planted.machine;
    TestXen xen = new TestXen();
    store = new TestStore(machine, xen);
    kernel = new TestKernel(machine, xen, Domid.DOM0);
    StoreLink link = store.connect(kernel);
    xs =
        new XenbusXs(
            kernel,
            new StoreConnection(StoreConnection.Kind.LOCAL, link.page(), link::open),
            mtwatch);
    xs.start();
  }

  static WatchOptions ownedBy(int domid) {
    return WatchOptions.DEFAULT.with(new WatchOptions.OwnedBy(Domid.of(domid)));
  }

  void await(BooleanSupplier holds) {
    TestMachines.await(holds);
  }

  boolean hasThread(String comm) {
    return planted.machine.tasks().stream()
        .anyMatch(task -> task.comm().equals(comm) && task.state() != Task.State.Z);
  }

  /// Tells of a device of a guest.
  void tell(String point, int guest) {
    DeviceFact fact =
        new DeviceFact(
            Domid.DOM0, true, true, "test", Domid.of(guest), "backend/test/" + guest + "/0");
    planted.machine.trace().emit(point, guest, 0, fact);
  }

  /// Tells of the devices' driver, which is loaded.
  void addDriver() {
    planted
        .machine
        .trace()
        .emit("driver_added", 0, 0, new DriverFact(Domid.DOM0, true, true, "test"));
  }

  void addDevice(int guest) {
    xs.deviceAdded(Domid.of(guest));
    tell("device_counted", guest);
  }

  void removeDevice(int guest) {
    tell("device_uncounted", guest);
    xs.deviceRemoved(Domid.of(guest));
  }

  /// Starts a kernel thread that nobody knows but the test.
  Task spawn(String comm, Runnable what) throws NoThread {
    return kernel.spawn("emu-" + comm, what);
  }

  @Override
  public void close() {
    planted.invariants.powersOff();
    xs.close();
    store.stop();
  }
}
