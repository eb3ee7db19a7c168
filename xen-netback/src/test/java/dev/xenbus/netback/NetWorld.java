package dev.xenbus.netback;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainControl.BootSpec;
import dev.xenbus.abi.hypercall.DomainControl.DomainSpec;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.hypervisor.GuestStart;
import dev.xenbus.hypervisor.Hypervisor;
import dev.xenbus.linux.api.IcmpSocket;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.TcpConnection;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.netfront.NetfrontDriver;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;

/// A dom0 and guests, all real but for the store and the buses.
final class NetWorld {
  /// How long anything may take, in virtual time.
  private static final long PATIENCE_NANOS = 300_000_000_000L;

  final Machine machine;
  final Hypervisor xen;
  final DomainControl control;
  final TestStore store = new TestStore();
  final TestHost dom0;
  private final Map<Domid, TestHost> guests = new LinkedHashMap<>();
  private final Map<Domid, String> commandLines = new LinkedHashMap<>();
  private final WaitQueue wait;

  /// What a test does.
  interface Script {
    void run(NetWorld world) throws Exception;
  }

  NetWorld(Machine machine, String commandLine) throws Exception {
    this.machine = machine;
    this.xen = new Hypervisor(machine, Hypervisor.Options.ofMemory(1024), this::boot);
    this.control = xen.dom0().domains();
    this.dom0 = TestHost.boot(xen.dom0Cpu(), xen.dom0(), store, commandLine);
    this.wait = xen.dom0Cpu().waitQueue("test");
  }

  static void simulate(SimulatedMachine.Options options, String commandLine, Script script)
      throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(options);
    Callable<Void> main =
        () -> {
          script.run(new NetWorld(machine, commandLine));
          return null;
        };
    machine.run(main);
  }

  /// Runs a script under the fair strategy.
  static void simulate(Script script) throws MachineFailure {
    simulate(SimulatedMachine.Options.fair().stepLimit(20_000_000), "", script);
  }

  /// Runs a script with one seed of the random walk.
  static void simulate(long seed, Script script) throws MachineFailure {
    simulate(SimulatedMachine.Options.seed(seed).stepLimit(20_000_000), "", script);
  }

  private void boot(GuestStart start) {
    try {
      String commandLine = commandLines.getOrDefault(start.domid(), "");
      guests.put(start.domid(), TestHost.boot(start.cpu(), start.hypercalls(), store, commandLine));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /// Makes and boots a guest.
  TestHost guest(String commandLine) throws Exception {
    Domid domid = control.create(new DomainSpec(new UUID(0, guests.size() + 1), 16, 1));
    commandLines.put(domid, commandLine);
    control.build(domid, new BootSpec("vmlinuz", "", ""));
    control.unpause(domid);
    until("guest boots", () -> guests.containsKey(domid));
    return Objects.requireNonNull(guests.get(domid));
  }

  /// Waits until something holds.
  void until(String what, BooleanSupplier condition) {
    long deadline = machine.clock().nanos() + PATIENCE_NANOS;
    while (!condition.getAsBoolean()) {
      if (machine.clock().nanos() > deadline) {
        throw new AssertionError("still waiting: " + what + "; " + store.peek("/"));
      }
      wait.await(Task.State.S, 1_000_000, () -> false);
    }
  }

  void sleepMillis(long millis) {
    wait.await(Task.State.S, millis * 1_000_000, () -> false);
  }

  static String backendPath(TestHost guest, int devid) {
    return "/local/domain/0/backend/vif/" + guest.domid() + "/" + devid;
  }

  static String frontendPath(TestHost guest, int devid) {
    return "/local/domain/" + guest.domid() + "/device/vif/" + devid;
  }

  static MacAddress mac(TestHost guest, int devid) {
    return new MacAddress(0x0016_3E00_0000L | guest.domid().value() << 8 | devid);
  }

  /// Makes both folders, as a toolstack does.
  void addNodes(TestHost guest, int devid) {
    String back = backendPath(guest, devid);
    String front = frontendPath(guest, devid);
    store.write(front + "/backend", back);
    store.write(front + "/backend-id", "0");
    store.write(front + "/handle", Integer.toString(devid));
    store.write(front + "/mac", mac(guest, devid).toString());
    store.write(front + "/state", "1");
    store.write(back + "/frontend", front);
    store.write(back + "/frontend-id", guest.domid().toString());
    store.write(back + "/handle", Integer.toString(devid));
    store.write(back + "/mac", mac(guest, devid).toString());
    store.write(back + "/script", "/etc/xen/scripts/vif-bridge");
    store.write(back + "/online", "1");
    store.write(back + "/hotplug-status", "");
    store.write(back + "/state", "1");
  }

  /// Probes the backend in dom0's watch thread.
  TestDevice probeBackend(TestHost guest, int devid) {
    TestDevice device =
        new TestDevice(
            dom0,
            "vif-" + guest.domid() + "-" + devid,
            "backend/vif/" + guest.domid() + "/" + devid,
            frontendPath(guest, devid),
            guest.domid());
    BackendDriver driver = new NetbackDriver();
    dom0.xenbus()
        .post(
            () -> {
              try {
                BackendDriver.Instance instance = driver.probe(device, dom0.context(driver));
                device.bind(
                    new TestDevice.Instance() {
                      @Override
                      public void otherEndChanged(XenbusState state, int code) {
                        instance.otherEndChanged(state, code);
                      }

                      @Override
                      public void remove() {
                        instance.remove();
                      }
                    },
                    true);
              } catch (KernelException e) {
                // The device was failed.
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            });
    return device;
  }

  /// Probes the frontend in the guest's watch thread.
  TestDevice probeFrontend(TestHost guest, int devid) {
    TestDevice device =
        new TestDevice(
            guest, "vif-" + devid, "device/vif/" + devid, backendPath(guest, devid), Domid.DOM0);
    FrontendDriver driver = new NetfrontDriver();
    guest
        .xenbus()
        .post(
            () -> {
              try {
                FrontendDriver.Instance instance = driver.probe(device, guest.context(driver));
                device.bind(
                    new TestDevice.Instance() {
                      @Override
                      public void otherEndChanged(XenbusState state, int code) {
                        instance.otherEndChanged(state, code);
                      }

                      @Override
                      public void remove() {
                        instance.remove();
                      }

                      @Override
                      public void resume() throws KernelException {
                        instance.resume();
                      }
                    },
                    false);
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            });
    return device;
  }

  /// Both ends of one device.
  ///
  /// @param guest whose it is
  /// @param devid its number
  /// @param backend dom0's end
  /// @param frontend the guest's end
  record Pair(TestHost guest, int devid, TestDevice backend, TestDevice frontend) {
    String back() {
      return backendPath(guest, devid);
    }

    String front() {
      return frontendPath(guest, devid);
    }
  }

  /// Attaches a device, and waits until it is connected and up.
  Pair attach(TestHost guest, int devid) {
    addNodes(guest, devid);
    TestDevice backend = probeBackend(guest, devid);
    TestDevice frontend = probeFrontend(guest, devid);
    until("backend waits", () -> backend.state().code() >= 2);
    hotplug(guest, devid);
    until("connected", () -> state(backendPath(guest, devid)).equals("4"));
    return new Pair(guest, devid, backend, frontend);
  }

  /// What the hotplug script does.
  void hotplug(TestHost guest, int devid) {
    vif(guest, devid).up();
    store.write(backendPath(guest, devid) + "/hotplug-status", "connected");
  }

  String state(String path) {
    return store.peek(path + "/state");
  }

  NetDevice vif(TestHost guest, int devid) {
    return dom0.kernel().net().device("vif" + guest.domid() + "." + devid).orElseThrow();
  }

  NetDevice eth(TestHost guest, int devid) {
    return guest.kernel().net().device("eth" + devid).orElseThrow();
  }

  /// Gives both ends addresses, 10.0.<devid>.1 (dom0) and .2 (guest), and waits for the link.
  void addresses(Pair pair) throws KernelException {
    String net = "10.0." + pair.devid() + ".";
    NetDevice eth = eth(pair.guest(), pair.devid());
    NetDevice vif = vif(pair.guest(), pair.devid());
    eth.up();
    dom0.kernel().net().addAddress(vif.name(), net + "1", 24);
    pair.guest().kernel().net().addAddress(eth.name(), net + "2", 24);
    until("link", vif::carrier);
  }

  /// Returns whether a host answers a ping from another one.
  static boolean ping(TestHost from, String to) throws KernelException {
    try (IcmpSocket socket = from.kernel().net().openIcmp()) {
      socket.send(Ipv4Address.parse(to).orElseThrow(), 1, new byte[56]);
      return socket
          .receive(5_000_000_000L)
          .map(answer -> answer.kind() == IcmpSocket.Kind.REPLY)
          .orElse(false);
    }
  }

  /// Runs something in a process of its own.
  Task spawn(TestHost host, String comm, Callable<?> body) {
    try {
      Task task =
          host.kernel()
              .cpu()
              .process(
                  comm,
                  _ -> {
                    try {
                      body.call();
                      return 0;
                    } catch (Exception e) {
                      throw new AssertionError(comm, e);
                    }
                  });
      task.wake();
      return task;
    } catch (NoThread e) {
      throw new AssertionError(e);
    }
  }

  /// Connects to dom0's discard service and sends so many bytes; waits until they arrived.
  static void sendTcp(TestHost guest, String to, int bytes) throws KernelException {
    Ipv4Address address = Ipv4Address.parse(to).orElseThrow();
    try (TcpConnection tcp = guest.kernel().net().connectTcp(address, 9, 5_000_000_000L)) {
      tcp.send(new byte[bytes]);
      tcp.drain(20_000_000_000L);
    }
  }

  long counter(TestHost guest, int devid, String name) {
    try {
      String vif = "vif" + guest.domid() + "." + devid;
      return dom0.kernel().net().ethtoolStatistics(vif).getOrDefault(name, -1L);
    } catch (KernelException e) {
      throw new AssertionError(e);
    }
  }

  Task task(String comm) {
    return machine.tasks().stream()
        .filter(task -> task.comm().equals(comm))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no task " + comm));
  }

  boolean hasTask(String comm) {
    return machine.tasks().stream().anyMatch(task -> task.comm().equals(comm));
  }
}
