package dev.xenbus.guest;

import dev.xenbus.linux.api.ConsoleTty;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/// A guest's process 1: brings network devices up as they appear, gives `eth0` its address, and
/// starts the traffic service and the console's shell.
///
/// In a driver domain the address is a bridge's, of which `eth0` becomes a port; the interfaces of
/// other guests are left to the hotplug scripts.
///
/// Threads: the process `init` alone, but for the queue of new devices.
public final class GuestInit {
  /// The device that gets an address.
  static final String DEVICE = "eth0";

  private static final String PARAMETER_IP = "ip";
  private static final String PARAMETER_TRAFFIC = "traffic";
  private static final int PREFIX_BITS = 16;

  /// The parameters that this package reads from the kernel's command line.
  public static final List<KernelParameter> PARAMETERS =
      List.of(
          new KernelParameter(
              PARAMETER_IP,
              KernelParameter.Type.TEXT,
              "",
              "",
              "address of eth0, A.B.C.D/N, or off; without it 10.0.x.y/16 with x.y the domid plus 1",
              "xenemu"),
          new KernelParameter(
              PARAMETER_TRAFFIC,
              KernelParameter.Type.FLAG,
              "1",
              "",
              "send one large TCP segment a second to port 9 of 10.0.0.1",
              "xenemu"));

  /// What a guest's user space works with.
  ///
  /// @param kernel the guest's kernel, whose command line was read with [#PARAMETERS]
  /// @param hostname the name in the prompt
  /// @param console its console, if it has one
  /// @param commands what its shell can run, by name
  /// @param services what they may use
  /// @param driverDomain what it does for other guests, if it is there for them
  public record Options(
      Kernel kernel,
      String hostname,
      Optional<ConsoleTty> console,
      SequencedMap<String, UserCommand> commands,
      UserCommand.Services services,
      Optional<DriverDomain> driverDomain) {
    /// Options of a guest that is there for itself.
    public Options(
        Kernel kernel,
        String hostname,
        Optional<ConsoleTty> console,
        SequencedMap<String, UserCommand> commands) {
      this(kernel, hostname, console, commands, UserCommand.Services.NONE, Optional.empty());
    }
  }

  /// What a driver domain does for other guests.
  ///
  /// @param bridge the name of the bridge that their interfaces become ports of
  /// @param bridgeMac its address
  /// @param daemon the line that starts the daemon which runs the hotplug scripts
  public record DriverDomain(String bridge, MacAddress bridgeMac, String daemon) {}

  private final Options options;
  private final WaitQueue arrivals;
  private final ConcurrentLinkedQueue<NetDevice> arrived = new ConcurrentLinkedQueue<>();
  private boolean hasTraffic;

  private GuestInit(Options options) {
    this.options = options;
    this.arrivals = options.kernel().cpu().waitQueue("netlink_recvmsg");
  }

  /// Starts a guest's user space; returns at once.
  ///
  /// @throws NoThread if a process cannot be made
  public static void start(Options options) throws NoThread {
    GuestInit init = new GuestInit(options);
    Kernel kernel = options.kernel();
    kernel.net().addDeviceListener(init::arrived);
    kernel.net().devices().forEach(init::arrived);
    kernel.cpu().process("init", self -> init.run()).wake();
  }

  /// Starts the console's shell; the network that there is at boot is up by then.
  private void startShell() {
    if (options.console().isEmpty()) {
      return;
    }
    Kernel kernel = options.kernel();
    ConsoleShell shell = new ConsoleShell(options, options.console().get());
    try {
      kernel.cpu().process("sh", self -> shell.run()).wake();
    } catch (NoThread e) {
      kernel.printk().error("init: no shell: " + e.getMessage());
    }
  }

  private void arrived(NetDevice device) {
    arrived.add(device);
    arrivals.wakeAll();
  }

  /// Runs until the kernel ends.
  private int run() {
    options.driverDomain().ifPresent(this::startDriverDomain);
    configureArrived();
    startShell();
    while (true) {
      WaitQueue.Wake why =
          arrivals.await(Task.State.S, WaitQueue.FOREVER, () -> !arrived.isEmpty());
      if (why == WaitQueue.Wake.SIGNAL) {
        return 0;
      }
      configureArrived();
    }
  }

  private void configureArrived() {
    for (NetDevice device = arrived.poll(); device != null; device = arrived.poll()) {
      configure(device);
    }
  }

  private void startDriverDomain(DriverDomain domain) {
    Kernel kernel = options.kernel();
    try {
      kernel.net().addBridge(domain.bridge(), domain.bridgeMac());
      kernel.net().discardTcp(TrafficService.PORT);
    } catch (KernelException e) {
      kernel.printk().error("init: " + domain.bridge() + ": " + e.getMessage());
    }
    addAddress(kernel.net().device(domain.bridge()).orElseThrow());
    TextOutput log = text -> kernel.printk().info("init: " + text.strip());
    Shell shell =
        new Shell(
            new Shell.Options(
                kernel, options.commands(), options.services(), Optional.empty(), log, log, log));
    int exit = shell.execute(domain.daemon());
    if (exit != 0) {
      kernel.printk().error("init: " + domain.daemon() + " failed with code " + exit);
    }
  }

  private void configure(NetDevice device) {
    Optional<DriverDomain> domain = options.driverDomain();
    if (domain.isPresent()) {
      if (device.name().startsWith("eth")) {
        device.up();
        makePort(device, domain.get());
      }
      return;
    }
    device.up();
    if (device.name().equals(DEVICE)) {
      addAddress(device);
    }
  }

  private void makePort(NetDevice device, DriverDomain domain) {
    try {
      options.kernel().net().bridge(domain.bridge()).orElseThrow().addPort(device);
    } catch (KernelException e) {
      options
          .kernel()
          .printk()
          .error("init: " + device.name() + " into " + domain.bridge() + ": " + e.getMessage());
    }
    if (device.name().equals(DEVICE)) {
      options.kernel().net().device(domain.bridge()).ifPresent(NetDevice::notifyPeers);
      startTrafficOnce();
    }
  }

  private void addAddress(NetDevice device) {
    String given = options.kernel().parameters().text(PARAMETER_IP);
    if (given.equals("off") || given.equals("none")) {
      return;
    }
    try {
      if (given.isEmpty()) {
        addAddress(device, defaultAddress().toString(), PREFIX_BITS);
      } else {
        int slash = given.indexOf('/');
        String address = slash < 0 ? given : given.substring(0, slash);
        addAddress(device, address, slash < 0 ? PREFIX_BITS : prefixBits(given, slash));
      }
    } catch (KernelException e) {
      options
          .kernel()
          .printk()
          .error("init: " + device.name() + ": ip=" + given + ": " + e.getMessage());
    }
  }

  /// Returns 10.0.x.y, x.y being the domid plus 1: dom0 is 10.0.0.1.
  private Ipv4Address defaultAddress() {
    return new Ipv4Address(0x0A00_0000 | (options.kernel().domid().value() + 1));
  }

  private static int prefixBits(String given, int slash) {
    String bits = given.substring(slash + 1);
    return bits.matches("\\d{1,2}") ? Integer.parseInt(bits) : -1;
  }

  private void addAddress(NetDevice device, String address, int prefixBits) throws KernelException {
    options.kernel().net().addAddress(device.name(), address, prefixBits);
    device.notifyPeers();
    if (options.driverDomain().isEmpty()) {
      startTrafficOnce();
    }
  }

  private void startTrafficOnce() {
    if (!hasTraffic && options.kernel().parameters().flag(PARAMETER_TRAFFIC)) {
      hasTraffic = true;
      startTraffic();
    }
  }

  private void startTraffic() {
    Kernel kernel = options.kernel();
    try {
      kernel.cpu().process("traffic", self -> new TrafficService(kernel).run()).wake();
    } catch (NoThread e) {
      kernel.printk().error("init: no traffic: " + e.getMessage());
    }
  }
}
