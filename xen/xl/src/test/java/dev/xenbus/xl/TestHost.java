package dev.xenbus.xl;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyBoolean;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.Mockito.lenient;
import static org.mockito.Mockito.mock;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.BlockCore;
import dev.xenbus.linux.api.Bridge;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.NetCore;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.xenconsoled.Consoles;
import dev.xenbus.xenstore.client.StoreConnector;
import dev.xenbus.xl.cli.XlCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A dom0 on a simulated machine: a scripted store, a table of domains, a kernel of mocks, and
/// `xl` to be typed.
final class TestHost {
  private static final double NANOS_PER_SECOND = 1e9;

  private final SimulatedMachine machine;
  private final Cpu cpu;
  private final ScriptedStore store;
  private final Backends backends = new Backends();
  private final FakeDomains domains = new FakeDomains();
  private final Kernel kernel = mock(Kernel.class);
  private final BlockCore block = mock(BlockCore.class);
  private final NetCore net = mock(NetCore.class);
  private final Bridge bridge = mock(Bridge.class);
  private final Consoles consoles = mock(Consoles.class);
  private final XlHost xlHost;
  private StoreConnector connector;
  private final Path folder;
  private final XlServices services;
  private final List<String> attachedImages = new ArrayList<>();

  /// What a command left.
  ///
  /// @param exitCode its exit code
  /// @param out its stdout
  /// @param err its stderr
  /// @param seconds how long it took, rounded
  public record Outcome(int exitCode, String out, String err, long seconds) {}

  /// What runs on the host.
  @FunctionalInterface
  public interface Main {
    void run() throws Exception;
  }

  /// Makes a host.
  ///
  /// @param folder where configuration files and images are
  public TestHost(XlRelease release, Path folder) {
    this(release, folder, SimulatedMachine.Options.fair());
  }

  /// Makes a host on a machine of its own kind.
  TestHost(XlRelease release, Path folder, SimulatedMachine.Options options) {
    this.machine = new SimulatedMachine(options);
    this.cpu = machine.cpu("dom0");
    this.store = new ScriptedStore(cpu);
    this.connector = store::connect;
    this.folder = folder;
    this.xlHost = new XlHost(cpu);
    this.services =
        new XlServices(domains, kernel, () -> connector.connect(), consoles, release, xlHost);
    store.script(backends);
    try {
      mockKernel();
    } catch (KernelException e) {
      throw new AssertionError(e);
    }
  }

  /// Writes `pv.cfg`, a guest with a disk and an interface, and its image.
  static void writeGuest(Path folder, String uuid) throws IOException {
    Files.writeString(folder.resolve("disk.img"), "sectors");
    Files.writeString(folder.resolve("disk2.img"), "sectors");
    Files.writeString(
        folder.resolve("pv.cfg"),
        """
        name = "pv1"
        uuid = "%s"
        memory = 1024
        vcpus = 2
        kernel = "/srv/guests/vmlinuz"
        ramdisk = "/srv/guests/initrd.img"
        extra = "ro console=hvc0"
        root = "/dev/xvda1"
        disk = [ 'disk.img,raw,xvda,rw' ]
        vif = [ 'mac=00:16:3e:12:34:56,bridge=xenbr0' ]
        """
            .formatted(uuid));
  }

  private void mockKernel() throws KernelException {
    lenient().when(kernel.domid()).thenReturn(Domid.DOM0);
    lenient().when(kernel.cpu()).thenReturn(cpu);
    lenient().when(kernel.clock()).thenReturn(machine.clock());
    lenient().when(kernel.block()).thenReturn(block);
    lenient().when(kernel.net()).thenReturn(net);
    lenient().when(block.disk(anyString())).thenReturn(Optional.empty());
    lenient().when(block.disks()).thenReturn(List.of());
    lenient()
        .when(block.attachLoop(any(), anyBoolean()))
        .thenAnswer(
            call -> {
              attachedImages.add(call.getArgument(0, Path.class).getFileName().toString());
              return loop(attachedImages.size() - 1);
            });
    lenient().when(net.bridge("xenbr0")).thenReturn(Optional.of(bridge));
    lenient().when(net.bridges()).thenReturn(List.of(bridge));
    lenient().when(bridge.name()).thenReturn("xenbr0");
    lenient().when(bridge.ports()).thenReturn(List.of());
    lenient().when(net.device(anyString())).thenReturn(Optional.of(mock(NetDevice.class)));
  }

  /// Lets the block core say that a loop device has an image.
  void useLoopFor(int number, String image) {
    Disk disk = loop(number);
    lenient().when(block.disks()).thenReturn(List.of(disk));
    lenient().when(block.loopImage("loop" + number)).thenReturn(Optional.of(folder.resolve(image)));
  }

  private static Disk loop(int number) {
    Disk disk = mock(Disk.class);
    lenient().when(disk.name()).thenReturn("loop" + number);
    lenient().when(disk.number()).thenReturn(new DeviceNumber(7, number));
    return disk;
  }

  /// Runs something on the host, with the store's daemon beside it.
  public void run(Main main) throws MachineFailure {
    machine.run(
        () -> {
          store.start();
          main.run();
          return 0;
        });
  }

  /// Lets `xl` speak to another store.
  void connector(StoreConnector newConnector) {
    connector = newConnector;
  }

  Cpu cpu() {
    return cpu;
  }

  /// Types `xl` and waits until it has ended.
  public Outcome xl(String... arguments) throws NoThread {
    StringBuilder out = new StringBuilder();
    StringBuilder err = new StringBuilder();
    long start = machine.clock().nanos();
    Task task = start(out::append, err::append, arguments);
    int exitCode = task.waitFor();
    return new Outcome(
        exitCode,
        out.toString(),
        err.toString(),
        Math.round((machine.clock().nanos() - start) / NANOS_PER_SECOND));
  }

  /// Types `xl` and goes on.
  public Task start(TextOutput out, TextOutput err, String... arguments) throws NoThread {
    Task task =
        cpu.process("xl", _ -> new XlCommand().run(new Context(out, err), List.of(arguments)));
    task.wake();
    return task;
  }

  private final class Context implements UserCommand.Context {
    private final TextOutput out;
    private final TextOutput err;

    Context(TextOutput out, TextOutput err) {
      this.out = out;
      this.err = err;
    }

    @Override
    public Kernel kernel() {
      return kernel;
    }

    @Override
    public TextOutput out() {
      return out;
    }

    @Override
    public TextOutput err() {
      return err;
    }

    @Override
    public <T> Optional<T> service(Class<T> type) {
      return type.isInstance(services) ? Optional.of(type.cast(services)) : Optional.empty();
    }

    @Override
    public Path file(String name) {
      return folder.resolve(name);
    }
  }

  public SimulatedMachine machine() {
    return machine;
  }

  public ScriptedStore store() {
    return store;
  }

  public Backends backends() {
    return backends;
  }

  public FakeDomains domains() {
    return domains;
  }

  public BlockCore block() {
    return block;
  }

  public NetCore net() {
    return net;
  }

  public Bridge bridge() {
    return bridge;
  }

  public Consoles consoles() {
    return consoles;
  }

  public XlHost xlHost() {
    return xlHost;
  }
}
