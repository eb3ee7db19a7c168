package dev.xenbus.guest;

import static org.mockito.Mockito.mock;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.CommandLine;
import dev.xenbus.linux.KernelLog;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A guest's kernel on a simulated machine, with pages of the JVM and without Xen.
public final class TestGuest {
  private static final int SEEDS = 6;

  /// What a test does.
  public interface Scene {
    /// Does it, in a task of the machine.
    void play(Kernel kernel) throws Exception;
  }

  /// How a command ended.
  ///
  /// @param exit its exit code
  /// @param out what it printed
  /// @param err what it complained of
  public record Outcome(int exit, String out, String err) {}

  /// Pages of the JVM, counted.
  private static final class JvmPages implements Pages {
    private int frames;
    private int inUse;

    @Override
    public Page allocate() {
      inUse++;
      return new Page(++frames, Arena.ofAuto().allocate(XenPage.BYTES, XenPage.BYTES));
    }

    @Override
    public void free(Page page) {
      inUse--;
    }

    @Override
    public int inUse() {
      return inUse;
    }
  }

  private record Context(Kernel kernel, TextOutput out, TextOutput err)
      implements UserCommand.Context {
    @Override
    public <T> Optional<T> service(Class<T> type) {
      return Optional.empty();
    }

    @Override
    public Path file(String name) {
      return Path.of(name);
    }
  }

  private TestGuest() {}

  /// Boots a kernel.
  public static Kernel boot(Machine machine, int domid, String commandLine) {
    return boot(machine, domid, commandLine, new ArrayList<>());
  }

  /// Boots a kernel that notes how it was ended.
  public static Kernel boot(
      Machine machine, int domid, String commandLine, List<ShutdownReason> power) {
    List<KernelParameter> parameters = new ArrayList<>(LinuxKernel.PARAMETERS);
    parameters.addAll(GuestInit.PARAMETERS);
    return new LinuxKernel(
        new LinuxKernel.Options(
            machine.cpu("dom" + domid),
            Domid.of(domid),
            "guest" + domid,
            CommandLine.lenient(commandLine, parameters),
            new KernelLog(machine.clock()),
            new JvmPages(),
            mock(GrantTable.class),
            mock(EventChannels.class),
            power::add));
  }

  /// Plays a scene with the kernel of guest 1.
  public static void play(Scene scene) throws MachineFailure {
    play(SimulatedMachine.Options.fair(), scene);
    for (long seed = 1; seed <= SEEDS; seed++) {
      play(
          SimulatedMachine.Options.seed(seed).with(RandomWalk.patient()).chaos(false, true), scene);
    }
  }

  private static void play(SimulatedMachine.Options options, Scene scene) throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(options);
    machine.run(
        () -> {
          scene.play(boot(machine, 1, ""));
          return null;
        });
  }

  /// Runs a command in the calling task.
  public static Outcome run(Kernel kernel, UserCommand command, String... arguments) {
    StringBuilder out = new StringBuilder();
    StringBuilder err = new StringBuilder();
    int exit = command.run(new Context(kernel, out::append, err::append), List.of(arguments));
    return new Outcome(exit, out.toString(), err.toString());
  }
}
