package dev.xenbus.linux;

import static org.mockito.Mockito.mock;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// A dom0 kernel on a simulated machine, with pages of the JVM and without Xen.
final class TestKernel {
  private static final int SEEDS = 6;

  /// What a test does.
  interface Scene {
    void play(LinuxKernel kernel) throws Exception;
  }

  /// Pages of the JVM.
  static final class JvmPages implements Pages {
    private int frames;
    private int inUse;
    private final List<Runnable> shortageListeners = new ArrayList<>();

    @Override
    public void addShortageListener(Runnable shortage) {
      shortageListeners.add(shortage);
    }

    /// As if there was none left for a caller.
    void shortage() {
      shortageListeners.forEach(Runnable::run);
    }

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

  private TestKernel() {}

  static LinuxKernel boot(Machine machine, String commandLine, EventChannels events)
      throws ParameterException {
    return boot(machine, commandLine, events, new ArrayList<>());
  }

  static LinuxKernel boot(
      Machine machine, String commandLine, EventChannels events, List<ShutdownReason> power)
      throws ParameterException {
    return new LinuxKernel(
        new LinuxKernel.Options(
            machine.cpu("dom0"),
            Domid.DOM0,
            "dom0",
            CommandLine.parse(commandLine, LinuxKernel.PARAMETERS),
            new KernelLog(machine.clock()),
            new JvmPages(),
            mock(GrantTable.class),
            events,
            power::add));
  }

  static void play(Scene scene) throws MachineFailure {
    play("", scene);
  }

  static void play(String commandLine, Scene scene) throws MachineFailure {
    play(SimulatedMachine.Options.fair(), commandLine, scene);
    for (long seed = 1; seed <= SEEDS; seed++) {
      play(
          SimulatedMachine.Options.seed(seed).with(RandomWalk.patient()).chaos(false, true),
          commandLine,
          scene);
    }
  }

  private static void play(SimulatedMachine.Options options, String commandLine, Scene scene)
      throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(options);
    machine.run(
        () -> {
          scene.play(boot(machine, commandLine, mock(EventChannels.class)));
          return null;
        });
  }

  /// Returns the log's texts, without those of the boot.
  static List<String> log(LinuxKernel kernel) {
    return kernel.printk().lines().stream().map(Printk.Line::text).skip(2).toList();
  }
}
