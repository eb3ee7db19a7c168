package dev.xenbus.linux;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.KnownBug;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Nearest;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.linux.block.LinuxBlockCore;
import dev.xenbus.linux.net.NetStack;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelStack;
import dev.xenbus.machine.WorkQueue;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/// One kernel: dom0's, a driver domain's or a guest's. Made by whoever boots the domain, in a task
/// of the kernel's own Cpu; it makes its network and block cores itself.
///
/// Threads: any task. What changes after the constructor is volatile and has one writer, named at
/// the field.
public final class LinuxKernel implements Kernel {
  /// What `uname -r` says.
  public static final String RELEASE = "6.12.0-xenemu";

  /// What a kernel is made of.
  ///
  /// @param cpu its threads
  /// @param domid its domain
  /// @param hostname its name
  /// @param commandLine its command line, read
  /// @param log its log
  /// @param pages its page allocator
  /// @param grants its grant table
  /// @param events its event channels
  /// @param power what ends it
  public record Options(
      Cpu cpu,
      Domid domid,
      String hostname,
      CommandLine commandLine,
      KernelLog log,
      Pages pages,
      GrantTable grants,
      EventChannels events,
      PowerControl power) {}

  /// Parameters that every kernel has.
  public static final List<KernelParameter> PARAMETERS =
      List.of(
          new KernelParameter(
              "hung_task_timeout_secs",
              KernelParameter.Type.NUMBER,
              "120",
              "s",
              "a task that is in state D for longer is reported; 0 turns the check off",
              "kernel/hung_task.c"),
          ignored("root", KernelParameter.Type.TEXT, "the root file system"),
          ignored("ro", KernelParameter.Type.FLAG, "mounts the root file system for reading"),
          ignored("rw", KernelParameter.Type.FLAG, "mounts the root file system for writing"),
          ignored("console", KernelParameter.Type.TEXT, "where messages go"),
          ignored("quiet", KernelParameter.Type.FLAG, "fewer messages"),
          ignored("debug", KernelParameter.Type.FLAG, "more messages"),
          ignored("loglevel", KernelParameter.Type.TEXT, "which messages go to the console"),
          ignored("earlyprintk", KernelParameter.Type.TEXT, "messages before the console is there"),
          ignored("panic", KernelParameter.Type.TEXT, "time until a reboot after a panic"));

  private static KernelParameter ignored(String name, KernelParameter.Type type, String help) {
    String unset = type == KernelParameter.Type.FLAG ? "0" : "";
    return new KernelParameter(
        name, type, unset, "", help + "; accepted, without effect", "kernel-parameters.txt");
  }

  private final Options options;
  private final FileTree files = new FileTree();
  private final KernelStack stacks = new KernelStack();
  private final ModuleTable modules;
  private final WorkQueue systemWorkQueue;
  private final NetStack net;
  private final LinuxBlockCore block;
  private final MemoryReclaim reclaim;
  private final Sysrq sysrq;
  private final Set<KnownBug> bugs = EnumSet.noneOf(KnownBug.class);

  /// Set by whoever boots and ends the kernel.
  private volatile SystemState systemState = SystemState.BOOTING;

  /// Who has pages for the injector.
  private final CopyOnWriteArrayList<Runnable> stallListeners = new CopyOnWriteArrayList<>();

  /// Set by [#loadStallInjector] and [#unloadStallInjector].
  private volatile Optional<Xwstall> injector = Optional.empty();

  /// Makes a kernel that is booting.
  public LinuxKernel(Options options) {
    this.options = options;
    Cpu cpu = options.cpu();
    systemWorkQueue = cpu.workQueue("events", WORKS_MAX);
    net = new NetStack(cpu, options.pages(), systemWorkQueue);
    block = new LinuxBlockCore(cpu, options.log());
    modules = new ModuleTable(files);
    TaskReports reports = new TaskReports(options.log(), stacks);
    cpu.machine().addListener(cpu, reports);
    if (options.domid().equals(Domid.DOM0)) {
      cpu.machine().addListener(reports.ofMachine());
    }
    options.log().info("Linux version " + RELEASE + " (xenemu)");
    options.log().info("Command line: " + options.commandLine().text());
    putBugsBack();
    ProcFiles.addTo(this, files, stacks);
    SysFiles.addTo(this, files);
    reclaim = MemoryReclaim.of(this);
    sysrq = Sysrq.of(this, reports);
  }

  /// How many works of the system queue may run at once (`WQ_DFL_ACTIVE`, cut down to what a small
  /// guest has).
  private static final int WORKS_MAX = 16;

  @Override
  public Domid domid() {
    return options.domid();
  }

  @Override
  public Cpu cpu() {
    return options.cpu();
  }

  @Override
  public KernelLog printk() {
    return options.log();
  }

  @Override
  public Pages pages() {
    return options.pages();
  }

  @Override
  public GrantTable grants() {
    return options.grants();
  }

  @Override
  public EventChannels events() {
    return options.events();
  }

  @Override
  public NetStack net() {
    return net;
  }

  @Override
  public LinuxBlockCore block() {
    return block;
  }

  @Override
  public KernelFiles files() {
    return files;
  }

  @Override
  public WorkQueue systemWorkQueue() {
    return systemWorkQueue;
  }

  @Override
  public SystemState systemState() {
    return systemState;
  }

  /// Enters another phase.
  public void systemState(SystemState state) {
    systemState = state;
  }

  @Override
  public ParameterValues parameters() {
    return options.commandLine().values();
  }

  /// Returns its command line, from which modules take their words.
  public CommandLine commandLine() {
    return options.commandLine();
  }

  /// Returns the name that it was given.
  public String hostname() {
    return options.hostname();
  }

  @Override
  public ModuleTable modules() {
    return modules;
  }

  /// Returns what names the frames of stacks: whoever loads a module that is not in the boot layer
  /// tells it so.
  public KernelStack stacks() {
    return stacks;
  }

  /// Warns of words for modules that are not loaded; they are kept for when these are.
  ///
  /// @param others names that look like a module's, and that others read
  public void warnOfUnclaimedParameters(String... others) {
    List<String> loaded = modules.list().stream().map(ModuleTable.Loaded::name).toList();
    for (String module : options.commandLine().modules()) {
      boolean isClaimed =
          loaded.contains(module)
              || module.equals(KnownBug.MODULE)
              || List.of(others).contains(module);
      if (!isClaimed) {
        String words = String.join(" ", options.commandLine().wordsOf(module));
        String hint = Nearest.of(module, loaded).map(near -> " (not " + near + "?)").orElse("");
        printk().warn("module " + module + hint + " is not loaded, parameters kept: " + words);
      }
    }
  }

  private void putBugsBack() {
    String text = "";
    try {
      text =
          options
              .commandLine()
              .module(KnownBug.MODULE, List.of(KnownBug.PARAMETER))
              .text(KnownBug.PARAMETER.name());
    } catch (ParameterException e) {
      printk().warn(String.valueOf(e.getMessage()));
    }
    for (String label : KnownBug.split(text)) {
      Optional<KnownBug> bug = KnownBug.ofLabel(label);
      bug.ifPresent(bugs::add);
      printk()
          .warn(
              bug.isPresent()
                  ? "kernel.bugs: this kernel has the fault " + label
                  : "kernel.bugs: no fault " + label + "; known are " + KnownBug.names());
    }
  }

  @Override
  public boolean hasBug(KnownBug bug) {
    return bugs.contains(bug);
  }

  @Override
  public void addShrinker(String name, Runnable shrinker) {
    reclaim.add(name, shrinker);
  }

  @Override
  public void power(ShutdownReason reason) {
    options.power().power(reason);
  }

  /// Restarts without asking its devices (`emergency_restart`).
  void emergencyRestart() {
    options.power().emergencyRestart();
  }

  /// Does what a magic key asks for, if `/proc/sys/kernel/sysrq` allows it (`handle_sysrq`).
  public void handleSysrq(char key) {
    sysrq.handle(key);
  }

  /// Loads the stall injector, kernel module `xwstall`: its files appear in `/sys/kernel/xwstall`.
  /// Without effect the second time.
  public void loadStallInjector() {
    modules.loadable(Xwstall.NAME, this::loadStallInjector);
    if (injector.isEmpty()) {
      injector = Optional.of(Xwstall.load(this));
    }
  }

  /// Unloads the stall injector; all that it holds goes on.
  public void unloadStallInjector() {
    Optional<Xwstall> loaded = injector;
    injector = Optional.empty();
    loaded.ifPresent(Xwstall::unload);
  }

  @Override
  public void stallPoint(String kind, String subject) {
    injector.ifPresent(xwstall -> xwstall.stallPoint(kind, subject));
  }

  @Override
  public void stallPage(String kind, String subject, MappedGrant page) {
    injector.ifPresent(xwstall -> xwstall.stallPage(kind, subject, page));
  }

  @Override
  public void addStallListener(Runnable wanted) {
    stallListeners.add(wanted);
  }

  @Override
  public void removeStallListener(Runnable wanted) {
    stallListeners.remove(wanted);
  }

  /// Asks whoever has pages to offer them.
  void askForStallPages() {
    stallListeners.forEach(Runnable::run);
  }
}
