package dev.xenbus.probe.frontend;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.NoThread;
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

/// The frontend bus of guest 7 over a scripted store.
final class FrontBench implements AutoCloseable {
  static final Domid GUEST = Domid.of(7);

  final Machine machine;
  final TestXen xen = new TestXen();
  final TestStore store;
  final TestKernel kernel;
  final StoreLink link;
  final XenbusXs xs;
  final FrontendBus frontends;

  FrontBench(Machine machine, FrontendDriver... drivers) throws NoThread, KernelException {
    this(machine, StoreConnection.Kind.PV, drivers);
  }

  FrontBench(Machine machine, StoreConnection.Kind kind, FrontendDriver... drivers)
      throws NoThread, KernelException {
    this(machine, kind, "", drivers);
  }

  /// Makes a bench whose store has a node, with value 1, before the kernel connects.
  FrontBench(Machine machine, StoreConnection.Kind kind, String node, FrontendDriver... drivers)
      throws NoThread, KernelException {
    this.machine = machine;
    store = new TestStore(machine, xen);
    if (!node.isEmpty()) {
      store.write(node, "1");
    }
    kernel = new TestKernel(machine, xen, GUEST);
    link = store.connect(kernel);
    xs = new XenbusXs(kernel, new StoreConnection(kind, link.page(), link::open), Mtwatch.OFF);
    xs.start();
    frontends = new FrontendBus(kernel, xs, List.of(drivers), driver -> TestKernel.NO_PARAMETERS);
  }

  FrontBench started() throws KernelException {
    frontends.start();
    return this;
  }

  void addDevice(String type, String id) {
    addDevice(type, 0, id);
  }

  void addDevice(String type, int backend, String id) {
    store.addDevice(type, Domid.of(backend), GUEST, id);
  }

  static String back(String type, String id) {
    return "/local/domain/0/backend/" + type + "/7/" + id;
  }

  static String front(String type, String id) {
    return "/local/domain/7/device/" + type + "/" + id;
  }

  void backState(String type, String id, int state) {
    store.write(back(type, id) + "/state", Integer.toString(state));
  }

  String frontState(String type, String id) {
    return store.read(front(type, id) + "/state").orElse("gone");
  }

  void awaitFrontState(String type, String id, int state) {
    await(() -> frontState(type, id).equals(Integer.toString(state)));
  }

  BusDevice device(String name) {
    await(() -> deviceNames().contains(name));
    return frontends.bus().devices().stream()
        .filter(device -> device.busId().equals(name))
        .findFirst()
        .orElseThrow();
  }

  List<String> deviceNames() {
    return frontends.bus().devices().stream().map(BusDevice::busId).toList();
  }

  void await(BooleanSupplier holds) {
    TestMachines.await(holds);
  }

  /// Brings a device to Connected on both sides.
  void connect(String type, String id) {
    backState(type, id, 2);
    awaitFrontState(type, id, 3);
    backState(type, id, 4);
    awaitFrontState(type, id, 4);
  }

  @Override
  public void close() {
    frontends.close();
    xs.close();
    store.stop();
  }
}
