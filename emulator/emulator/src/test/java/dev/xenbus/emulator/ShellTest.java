package dev.xenbus.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.CommandLine;
import dev.xenbus.linux.KernelLog;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles.KernelFile;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// The shell with a kernel around it, and a file `/sys/slow` that blocks who writes to it.
class ShellTest {
  private static final long SECOND = 1_000_000_000L;

  private final StringBuilder out = new StringBuilder();
  private final StringBuilder err = new StringBuilder();
  private final AtomicBoolean open = new AtomicBoolean();

  /// What a test does.
  private interface Scene {
    void play(Shell shell, LinuxKernel kernel, WaitQueue gate) throws Exception;
  }

  private void play(Scene scene) throws MachineFailure {
    new SimulatedMachine(SimulatedMachine.Options.fair())
        .run(
            () -> {
              Task self = Task.current();
              LinuxKernel kernel =
                  new LinuxKernel(
                      new LinuxKernel.Options(
                          self.cpu(),
                          Domid.DOM0,
                          "dom0",
                          CommandLine.lenient("", LinuxKernel.PARAMETERS),
                          new KernelLog(self.cpu().machine().clock()),
                          mock(Pages.class),
                          mock(GrantTable.class),
                          mock(EventChannels.class),
                          reason -> {}));
              WaitQueue gate = kernel.cpu().waitQueue("gate");
              kernel.files().add("/sys/slow", slow(gate));
              TreeMap<String, UserCommand> commands = new TreeMap<>();
              ServiceLoader.load(UserCommand.class).stream()
                  .map(ServiceLoader.Provider::get)
                  .filter(command -> command.getClass().getPackageName().contains("linux"))
                  .forEach(command -> commands.put(command.name(), command));
              Shell shell =
                  new Shell(
                      new Shell.Options(
                          kernel,
                          commands,
                          UserCommand.Services.NONE,
                          Optional.of(Path.of("")),
                          out::append,
                          err::append,
                          err::append));
              scene.play(shell, kernel, gate);
              return null;
            });
  }

  private KernelFile slow(WaitQueue gate) {
    return new KernelFile() {
      @Override
      public String read() {
        return "slow\n";
      }

      @Override
      public void write(String text) throws KernelException {
        gate.await(Task.State.D, WaitQueue.FOREVER, open::get);
        if (!text.equals("x\n")) {
          throw new KernelException(Errno.EINVAL, text);
        }
      }
    };
  }

  private void open(WaitQueue gate) {
    open.set(true);
    gate.wakeAll();
  }

  @Test
  void redirectionInTheBackgroundBlocksItsJobAlone() throws MachineFailure {
    play(
        (shell, kernel, gate) -> {
          assertEquals(0, shell.execute("echo x > /sys/slow & echo y > /sys/slow &"));
          Task.sleep(SECOND);
          assertEquals(0, shell.execute("jobs"));
          assertEquals(
              """
              [1]-  Running                 echo x > /sys/slow &
              [2]+  Running                 echo y > /sys/slow &
              """,
              out.toString());
          shell.execute("ps | grep gate");
          assertTrue(out.toString().matches("(?s).*\\d+ D\\S* +gate +sh\n.*"), out.toString());
          open(gate);
          assertEquals(0, shell.execute("wait %1"));
          assertEquals(1, shell.execute("wait"));
          assertTrue(
              err.toString()
                  .matches(
                      """
                      \\[1] \\d+
                      \\[2] \\d+
                      sh: /sys/slow: Invalid argument
                      \\[1] exit 0: echo x > /sys/slow
                      \\[2] exit 1: echo y > /sys/slow
                      """),
              err.toString());
        });
  }

  @Test
  void withAnAmpersandAWholeListGoesToTheBackground() throws MachineFailure {
    play(
        (shell, kernel, gate) -> {
          shell.execute("echo x > /sys/slow && false || NAME=inner && exit 3 &");
          assertEquals(0, shell.execute("echo here"));
          open(gate);
          assertEquals(3, shell.execute("wait $!"));
          assertEquals(0, shell.execute("echo name=$NAME"));
          assertEquals("here\nname=\n", out.toString());
          assertTrue(err.toString().contains("&& false || NAME=inner && exit 3\n"), err.toString());
          assertEquals(false, shell.exitAsked());
        });
  }

  @Test
  void jobsThatEndedAreListedOnce() throws MachineFailure {
    play(
        (shell, kernel, gate) -> {
          shell.execute("true & false & elephant &");
          Task.sleep(SECOND);
          shell.execute("jobs; jobs");
          assertEquals(
              """
              [1]   Done                    true
              [2]-  Exit 1                  false
              [3]+  Exit 127                elephant
              """,
              out.toString());
        });
  }

  @Test
  void namesOfFilesAreFilledIn() throws MachineFailure {
    play(
        (shell, kernel, gate) -> {
          assertEquals(0, shell.execute("cat /sys/s*w /proc/sys/kernel/ho[rs]t*"));
          assertEquals("slow\ndom0\n", out.toString());
          open(gate);
          assertEquals(0, shell.execute("echo x > /sys/sl?w"));
          assertEquals(1, shell.execute("echo x > /sys/{slow,fast}"));
          assertEquals("sh: /sys/{slow,fast}: ambiguous redirect\n", err.toString());
        });
  }

  @Test
  void jobsThatNobodyAskedForMakeRoomAndRunningOnesDoNot() throws MachineFailure {
    play(
        (shell, kernel, gate) -> {
          for (int i = 0; i < Shell.JOBS_MAX; i++) {
            shell.execute("true &");
          }
          Task.sleep(SECOND);
          for (int i = 0; i < Shell.JOBS_MAX; i++) {
            shell.execute("echo x > /sys/slow &");
          }
          err.setLength(0);
          assertEquals(126, shell.execute("true &"));
          assertEquals("sh: true: Resource temporarily unavailable\n", err.toString());
          open(gate);
          Task.sleep(SECOND);
          assertEquals(0, shell.execute("true &"));
        });
  }

  @Test
  void outputIsTakenUpToABound() throws MachineFailure {
    play(
        (shell, kernel, gate) -> {
          String million = "x".repeat(1 << 20);
          shell.execute("echo " + million + "{1..5} | grep x");
          assertEquals(Shell.OUTPUT_CHARS_MAX + 1, out.length());
        });
  }

  @Test
  void redirectionTakesWhatAFailingCommandSaid() throws MachineFailure {
    play(
        (shell, kernel, gate) -> {
          String file = "/proc/sys/kernel/hung_task_timeout_secs";
          assertEquals(1, shell.execute("false > " + file));
          assertEquals(1, shell.execute("echo 17 | grep 8 > " + file));
          assertEquals("120\n", kernel.files().read(file));
          assertEquals(127, shell.execute("elephant > " + file));
          assertEquals(0, shell.execute("echo 17 | grep 7 > " + file));
          assertEquals("17\n", kernel.files().read(file));
        });
  }

  @Test
  void nullDeviceTakesWhatIsWritten() throws MachineFailure {
    play(
        (shell, kernel, gate) -> {
          assertEquals(0, shell.execute("echo x > /dev/null && echo -n y"));
          assertEquals("y", out.toString());
          assertEquals("", err.toString());
        });
  }
}
