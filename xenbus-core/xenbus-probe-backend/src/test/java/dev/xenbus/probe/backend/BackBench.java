package dev.xenbus.probe.backend;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.probe.BusDevice;
import dev.xenbus.testkit.StoreLink;
import dev.xenbus.testkit.TestKernel;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.testkit.TestStore;
import dev.xenbus.testkit.TestXen;
import dev.xenbus.xs.Mtwatch;
import dev.xenbus.xs.StoreConnection;
import dev.xenbus.xs.XenbusXs;
import java.util.List;
import java.util.function.BooleanSupplier;

/// A backend bus over a scripted store.
final class BackBench implements AutoCloseable {
  final Machine machine;
  final TestXen xen = new TestXen();
  final TestStore store;
  final TestKernel kernel;
  final StoreLink link;
  final XenbusXs xs;
  final BackendBus backends;

  BackBench(Machine machine, Mtwatch mtwatch, BackendDriver... drivers)
      throws NoThread, KernelException {
    this(machine, Domid.DOM0, mtwatch, drivers);
  }

  BackBench(Machine machine, Domid self, Mtwatch mtwatch, BackendDriver... drivers)
      throws NoThread, KernelException {
    this.machine = machine;
    store = new TestStore(machine, xen);
    kernel = new TestKernel(machine, xen, self);
    link = store.connect(kernel);
    xs =
        new XenbusXs(
            kernel, new StoreConnection(StoreConnection.Kind.PV, link.page(), link::open), mtwatch);
    xs.start();
    backends = new BackendBus(kernel, xs, List.of(drivers), driver -> TestKernel.NO_PARAMETERS);
  }

  BackBench started() throws KernelException {
    backends.start();
    return this;
  }

  void addDevice(String type, int frontend, String id) {
    store.addDevice(type, kernel.domid(), Domid.of(frontend), id);
  }

  String back(String type, int frontend, String id) {
    return "/local/domain/" + kernel.domid() + "/backend/" + type + "/" + frontend + "/" + id;
  }

  static String front(String type, int frontend, String id) {
    return "/local/domain/" + frontend + "/device/" + type + "/" + id;
  }

  void frontState(String type, int frontend, String id, int state) {
    store.write(front(type, frontend, id) + "/state", Integer.toString(state));
  }

  String backState(String type, int frontend, String id) {
    return store.read(back(type, frontend, id) + "/state").orElse("gone");
  }

  void awaitBackState(String type, int frontend, String id, int state) {
    await(() -> backState(type, frontend, id).equals(Integer.toString(state)));
  }

  List<String> deviceNames() {
    return backends.bus().devices().stream().map(BusDevice::busId).toList();
  }

  List<String> threads() {
    return machine.tasks().stream()
        .filter(task -> task.state() != Task.State.Z)
        .map(Task::comm)
        .filter(comm -> comm.startsWith("xen-mtwatch"))
        .toList();
  }

  /// Starts a kernel thread.
  Task spawn(String comm, Runnable what) throws NoThread {
    return kernel.spawn(comm, what);
  }

  /// Waits until the events of all that was written so far have come in.
  void awaitArrival() {
    xs.exists(XenbusTransaction.NONE, "/", "");
  }

  /// Waits for that, and until no callback waits or runs.
  void settle() {
    awaitArrival();
    await(this::isIdle);
  }

  private boolean isIdle() {
    try {
      return kernel
          .files()
          .read("/sys/kernel/debug/xenwatch/queues")
          .lines()
          .skip(1)
          .allMatch(line -> line.matches("\\S+ +0 +\\d+ -"));
    } catch (KernelException e) {
      throw new IllegalStateException(e);
    }
  }

  void await(BooleanSupplier holds) {
    TestMachines.await(holds);
  }

  /// Destroys a guest as the toolstack does with force: its devices' folders, then its home.
  void destroy(int guest, String... types) {
    for (String type : types) {
      store.remove(front(type, guest, "0"));
    }
    store.remove("/local/domain/" + guest);
  }

  @Override
  public void close() {
    backends.close();
    xs.close();
    store.stop();
  }
}
