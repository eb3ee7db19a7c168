package dev.xenbus.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.linux.command.Brctl;
import dev.xenbus.linux.command.Cat;
import dev.xenbus.linux.command.Dmesg;
import dev.xenbus.linux.command.Ethtool;
import dev.xenbus.linux.command.Ip;
import dev.xenbus.linux.command.Ls;
import dev.xenbus.linux.command.Ps;
import dev.xenbus.linux.command.Sleep;
import dev.xenbus.linux.command.Uname;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The kernel's files and commands.
class LinuxKernelTest {
  private static final long SECOND = 1_000_000_000L;

  private record Outcome(int exit, String out, String err) {}

  private record TestContext(LinuxKernel kernel, TextOutput out, TextOutput err)
      implements UserCommand.Context {
    @Override
    public <T> Optional<T> service(Class<T> type) {
      return Optional.empty();
    }

    @Override
    public Path file(String name) {
      return Path.of("nowhere").resolve(name);
    }
  }

  private static Outcome run(LinuxKernel kernel, UserCommand command, String... arguments) {
    StringBuilder out = new StringBuilder();
    StringBuilder err = new StringBuilder();
    int exit = command.run(new TestContext(kernel, out::append, err::append), List.of(arguments));
    return new Outcome(exit, out.toString(), err.toString());
  }

  private static Task sleeper(LinuxKernel kernel, String comm) throws Exception {
    WaitQueue queue = kernel.cpu().waitQueue("xenwatch_wait");
    Task task =
        kernel
            .cpu()
            .kthread(
                comm,
                self -> {
                  queue.await(Task.State.S, WaitQueue.FOREVER, self::shouldStop);
                  return 0;
                });
    task.wake();
    Task.sleep(SECOND);
    return task;
  }

  @Test
  void tasksAreInProcAndPs() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          Task task = sleeper(kernel, "xenwatch");
          String folder = "/proc/" + task.pid();
          assertEquals("xenwatch\n", kernel.files().read(folder + "/comm"));
          assertEquals("xenwatch_wait", kernel.files().read(folder + "/wchan"));
          assertTrue(kernel.files().read(folder + "/status").contains("State:\tS (sleeping)\n"));
          assertTrue(
              kernel
                  .files()
                  .read(folder + "/stack")
                  .endsWith("[<0>] kthread\n[<0>] ret_from_fork\n"));
          assertEquals(List.of("comm", "stack", "status", "wchan"), kernel.files().list(folder));
          Outcome ps = run(kernel, new Ps(), "-ef");
          assertTrue(ps.out().startsWith("    PID STAT WCHAN                       COMMAND\n"));
          assertTrue(
              ps.out()
                  .contains(
                      "%7d S    xenwatch_wait               [xenwatch]\n".formatted(task.pid())));
          assertEquals(
              "   PID COMMAND\n".length(),
              run(kernel, new Ps(), "-p", "99999", "-o", "pid,comm").out().length() - 1);
          assertEquals(1, run(kernel, new Ps(), "-o", "elephant").exit());
          task.stop();
          assertThrows(KernelException.class, () -> kernel.files().read(folder + "/comm"));
        });
  }

  @Test
  void logKeepsTheLastLinesAndTellsListeners() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          StringBuilder heard = new StringBuilder();
          kernel.printk().addListener(line -> heard.append(line.text()).append(';'));
          kernel.printk().warn("two\nlines");
          assertEquals("two;lines;", heard.toString());
          for (int i = 0; i < KernelLog.LINES_MAX; i++) {
            kernel.printk().info("line " + i);
          }
          List<Printk.Line> lines = kernel.printk().lines();
          assertEquals(KernelLog.LINES_MAX, lines.size());
          assertEquals("line 0", lines.getFirst().text());
          Task.sleep(1_234_567_000L);
          kernel.printk().info("late");
          assertEquals("[    1.234567] late", kernel.printk().lines().getLast().toString());
          assertTrue(run(kernel, new Dmesg(), "-t").out().endsWith("\nlate\n"));
        });
  }

  @Test
  void hungTaskTimeoutIsAFileAndAParameter() throws MachineFailure {
    TestKernel.play(
        "hung_task_timeout_secs=30",
        kernel -> {
          String file = "/proc/sys/kernel/hung_task_timeout_secs";
          assertEquals("30\n", kernel.files().read(file));
          kernel.files().write(file, "0\n");
          assertEquals("0\n", kernel.files().read(file));
          assertThrows(KernelException.class, () -> kernel.files().write(file, "soon"));
        });
  }

  @Test
  void parametersOfModulesThatAreNotLoadedAreWarnedOf() throws MachineFailure {
    TestKernel.play(
        "xen_netbak.max_queues=2",
        kernel -> {
          kernel.modules().add("xen_netback", List.of(), kernel.parameters(), () -> {});
          assertFalse(
              kernel.modules().add("xen_netback", List.of(), kernel.parameters(), () -> {}));
          kernel.warnOfUnclaimedParameters();
          assertEquals(
              "module xen_netbak (not xen_netback?) is not loaded, parameters kept:"
                  + " xen_netbak.max_queues=2",
              TestKernel.log(kernel).getLast());
          kernel.modules().remove("xen_netback");
          assertTrue(kernel.modules().list().isEmpty());
        });
  }

  @Test
  void networkCommandsShowBridgesAndAddresses() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          kernel.net().addBridge("xenbr0", new MacAddress(0x0200_0000_0001L));
          kernel.net().addAddress("xenbr0", "10.0.0.1", 16);
          kernel.net().register("vif1.0", new MacAddress(0xFEFF_FFFF_FFFFL), packet -> {});
          assertEquals(0, run(kernel, new Brctl(), "addif", "xenbr0", "vif1.0").exit());
          assertEquals(
              """
              bridge name\tbridge id\t\tSTP enabled\tinterfaces
              xenbr0\t\t8000.020000000001\tno\t\tvif1.0
              """,
              run(kernel, new Brctl(), "show").out());
          String addresses = run(kernel, new Ip(), "addr").out();
          assertTrue(
              addresses.contains("    inet 10.0.0.1/16 brd 10.0.255.255 scope global xenbr0\n"));
          assertTrue(
              addresses.contains(
                  "2: vif1.0: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue master xenbr0"
                      + " state DOWN group default qlen 1000\n"));
          assertEquals(0, run(kernel, new Ip(), "link", "set", "vif1.0", "up").exit());
          assertEquals("down\n", kernel.files().read("/sys/class/net/vif1.0/operstate"));
          kernel.net().device("vif1.0").orElseThrow().carrier(true);
          assertEquals("up\n", kernel.files().read("/sys/class/net/vif1.0/operstate"));
          assertEquals(94, run(kernel, new Ethtool(), "-S", "vif1.0").exit());
          assertEquals(94, run(kernel, new Ethtool(), "-S", "vif9.0").exit());
          assertEquals(255, run(kernel, new Ip(), "route").exit());
        });
  }

  @Test
  void filesAreListedAndPrinted() throws MachineFailure {
    TestKernel.play(
        "quiet",
        kernel -> {
          assertEquals("quiet\n", run(kernel, new Cat(), "/proc/cmdline").out());
          assertEquals("dev\nproc\nsys\n", run(kernel, new Ls(), "/").out());
          assertEquals("console\nhvc0\nnull\nzero\n", run(kernel, new Ls(), "/dev").out());
          assertEquals(
              "cat: /proc/elephant: No such file or directory\n",
              run(kernel, new Cat(), "/proc/elephant").err());
          assertEquals(1, run(kernel, new Cat(), "elephant.cfg").exit());
          assertEquals(2, run(kernel, new Ls(), "/elephant").exit());
          assertEquals(
              "Linux dom0 6.12.0-xenemu #1 x86_64\n", run(kernel, new Uname(), "-a").out());
        });
  }

  @Test
  void sleepTakesItsTime() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          long start = kernel.clock().nanos();
          assertEquals(0, run(kernel, new Sleep(), "1.5", "1m").exit());
          assertEquals(61, (kernel.clock().nanos() - start) / SECOND);
          assertEquals(1, run(kernel, new Sleep(), "soon").exit());
        });
  }
}
