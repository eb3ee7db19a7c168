package dev.xenbus.emulator;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.api.spi.XenbusDriver;
import dev.xenbus.hypervisor.Hypervisor;
import dev.xenbus.linux.KernelLog;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.GrantRefs;
import dev.xenbus.linux.api.Kernel.SystemState;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.linux.xen.XenPlatform;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.probe.backend.BackendBus;
import dev.xenbus.probe.frontend.FrontendBus;
import dev.xenbus.xenconsoled.Xenconsoled;
import dev.xenbus.xenstore.client.StoreConnector;
import dev.xenbus.xenstore.client.XenstoreClient;
import dev.xenbus.xenstored.Xenstored;
import dev.xenbus.xl.XlHost;
import dev.xenbus.xl.XlRelease;
import dev.xenbus.xl.XlServices;
import dev.xenbus.xs.StoreConnection;
import dev.xenbus.xs.XenbusXs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;

/// Boots one dom0, each step in the order in which it is written here.
final class Dom0Boot {
  private static final MacAddress BRIDGE_MAC = new MacAddress(0x00163E_FFFF01L);

  /// The service `discard`, to which guests send.
  private static final int DISCARD_PORT = 9;

  private final Machine machine;
  private final BootOptions options;
  private final Drivers drivers;
  private final Commands commands;

  Dom0Boot(Machine machine, BootOptions options, Drivers drivers, Commands commands) {
    this.machine = machine;
    this.options = options;
    this.drivers = drivers;
    this.commands = commands;
  }

  /// Boots.
  ///
  /// @throws IOException if a socket cannot be opened, or a thread cannot be made
  Dom0 boot() throws IOException {
    try {
      return bootAll();
    } catch (NoThread e) {
      throw new IOException("dom0 cannot boot: " + e.getMessage(), e);
    }
  }

  private Dom0 bootAll() throws IOException, NoThread {
    GuestSystem.Host guests = new GuestSystem.Host(drivers, commands, release());
    Hypervisor hypervisor =
        new Hypervisor(
            machine,
            Hypervisor.Options.ofMemory(memoryMib()),
            start -> GuestSystem.boot(start, guests));
    Cpu cpu = hypervisor.dom0Cpu();
    DomainControl domains = hypervisor.dom0().domains();
    KernelLog log = new KernelLog(machine.clock());
    XenPlatform platform =
        new XenPlatform(
            new XenPlatform.Options(cpu, hypervisor.dom0(), log, cpu.workQueue("xen", 1)));
    Completion powerOff = cpu.completion("power_off");
    LinuxKernel kernel =
        new LinuxKernel(
            new LinuxKernel.Options(
                cpu,
                Domid.DOM0,
                "dom0",
                options.config().commandLine(),
                log,
                platform.pages(),
                platform.grants(),
                platform.events(),
                reason -> powerOff.completeAll()));
    kernel.loadStallInjector();
    Xenstored store = startStore(cpu, platform, domains, log);
    XenbusXs xs = connectToStore(kernel, platform, store);
    writeOwnNodes(store);
    startNetwork(kernel);
    Function<XenbusDriver, ParameterValues> parameters =
        driver -> options.config().module(driver.name());
    BackendBus backends = new BackendBus(kernel, xs, drivers.backends(), parameters);
    DriverModules.addBackends(kernel, backends, drivers.backends());
    backends.start();
    FrontendBus frontends = new FrontendBus(kernel, xs, drivers.frontends(), parameters);
    DriverModules.addFrontends(kernel, frontends, drivers.frontends());
    frontends.start();
    frontends.waitForDevices();
    Xenconsoled consoles =
        new Xenconsoled(
            new Xenconsoled.Options(
                cpu,
                store::connect,
                domains,
                platform.grantDevice(),
                platform.eventDevice(),
                log::warn));
    Task consoleDaemon = consoles.start();
    Dom0Sleep.addTo(kernel, domains, xs);
    Services services = new Services();
    services.add(
        XlServices.class,
        new XlServices(domains, kernel, store::connect, consoles, release(), new XlHost(cpu)));
    services.add(StoreConnector.class, store::connect);
    kernel.warnOfUnclaimedParameters(Parameters.HYPERVISOR, Parameters.XL, Parameters.BRIDGE);
    kernel.systemState(SystemState.RUNNING);
    Dom0 dom0 =
        new Dom0(
            new Dom0.Parts(
                machine,
                hypervisor,
                kernel,
                domains,
                store,
                xs,
                backends,
                frontends,
                consoleDaemon,
                powerOff),
            commands,
            services);
    services.add(Dom0.class, dom0);
    return dom0;
  }

  private int memoryMib() {
    return (int) options.config().module(Parameters.HYPERVISOR).number("memory");
  }

  private XlRelease release() {
    return XlRelease.ofLabel(options.config().module(Parameters.XL).text("release")).orElseThrow();
  }

  private Xenstored startStore(Cpu cpu, XenPlatform platform, DomainControl domains, KernelLog log)
      throws IOException, NoThread {
    return new Xenstored(
        cpu,
        new Xenstored.Options(
            Optional.of(new Xenstored.Xen(platform.grantDevice(), platform.eventDevice(), domains)),
            options.storeSockets(),
            byNumber(options.guestSockets()),
            byNumber(options.ptys()),
            Xenstored.Settings.USUAL,
            Optional.empty(),
            Optional.empty(),
            line -> log.info("xenstored: " + line)));
  }

  private static SequencedMap<Integer, Path> byNumber(SequencedMap<Domid, Path> paths) {
    SequencedMap<Integer, Path> byNumber = new LinkedHashMap<>();
    paths.forEach((domid, path) -> byNumber.put(domid.value(), path));
    return byNumber;
  }

  /// Connects dom0's kernel: the store is a process of its own domain (`xenstored_local_init`). It
  /// binds the port before anybody can ask it for something, since it begins with an empty ring.
  private XenbusXs connectToStore(LinuxKernel kernel, XenPlatform platform, Xenstored store)
      throws IOException {
    Page page = platform.pages().allocate();
    platform.grantReserved(GrantRefs.XENSTORE, Domid.DOM0, page);
    StoreConnection local = StoreConnection.local(kernel, page.memory());
    StoreConnection.ChannelFactory bound =
        (name, handler) -> {
          EventChannel channel = local.channel().open(name, handler);
          connect(store, page, channel.port());
          return channel;
        };
    XenbusXs xs =
        new XenbusXs(
            kernel,
            new StoreConnection(local.kind(), local.page(), bound),
            options.config().mtwatch());
    xs.start();
    return xs;
  }

  private static void connect(Xenstored store, Page page, int port) throws KernelException {
    try {
      store.connectDom0(page.memory(), port);
    } catch (IOException e) {
      throw new KernelException(Errno.EIO, "xenstored does not connect dom0", e);
    }
  }

  /// Writes what dom0's boot scripts write, in their order (`xen-init-dom0`).
  private static void writeOwnNodes(Xenstored store) throws IOException {
    try (XenstoreClient client = new XenstoreClient(store.connect())) {
      client.write("/local/domain/0/domid", "0");
      client.write("/local/domain/0/name", "Domain-0");
      client.write("/local/pool/0/name", "Pool-0");
    }
  }

  private void startNetwork(LinuxKernel kernel) throws KernelException {
    String[] address = options.config().module(Parameters.BRIDGE).text("address").split("/", 2);
    kernel.net().addBridge(Parameters.BRIDGE, BRIDGE_MAC);
    kernel.net().addAddress(Parameters.BRIDGE, address[0], Integer.parseInt(address[1]));
    kernel.net().discardTcp(DISCARD_PORT);
  }
}
