package dev.xenbus.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.guest.command.Poweroff;
import dev.xenbus.linux.api.ConsoleTty;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConsoleShellTest {
  private static final int SEEDS = 6;
  private static final long SECOND = 1_000_000_000L;
  private static final String PROMPT = "\u001b]133;A\u0007guest:~# \u001b]133;B\u0007";
  private static final String BEGIN = "\u001b]133;C\u0007";

  private static String end(int exit) {
    return "\u001b]133;D;" + exit + "\u0007" + PROMPT;
  }

  /// A console whose other end is the test.
  private static final class Tty implements ConsoleTty {
    private final WaitQueue readers;
    private final ConcurrentLinkedQueue<byte[]> input = new ConcurrentLinkedQueue<>();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private @Nullable Runnable handler;
    private boolean isPending;

    Tty(Kernel kernel) {
      readers = kernel.cpu().waitQueue("n_tty_read");
    }

    @Override
    public int read(byte[] into) {
      readers.await(Task.State.S, WaitQueue.FOREVER, () -> !input.isEmpty());
      byte[] bytes = input.poll();
      if (bytes == null) {
        return 0;
      }
      System.arraycopy(bytes, 0, into, 0, bytes.length);
      return bytes.length;
    }

    @Override
    public void write(byte[] bytes, int length) {
      output.write(bytes, 0, length);
    }

    @Override
    public void onInterrupt(@Nullable Runnable newHandler) {
      handler = newHandler;
      if (newHandler != null && isPending) {
        isPending = false;
        newHandler.run();
      }
    }

    /// Types a text and returns what is printed within a second.
    String type(String text) {
      output.reset();
      input.add(text.getBytes(StandardCharsets.UTF_8));
      readers.wakeAll();
      Task.sleep(SECOND);
      return output.toString(StandardCharsets.UTF_8);
    }

    void interrupt() {
      Runnable current = handler;
      if (current != null) {
        current.run();
      }
    }
  }

  /// A command of one line.
  private record Made(String name, ToIntFunction<Context> body) implements UserCommand {
    @Override
    public String summary() {
      return "made for a test";
    }

    @Override
    public String usage() {
      return "usage: " + name + "\n";
    }

    @Override
    public Set<Place> places() {
      return EnumSet.of(Place.GUEST);
    }

    @Override
    public int run(Context context, List<String> arguments) {
      return body.applyAsInt(context);
    }
  }

  /// What a test does.
  private interface Scene {
    void play(Tty tty, Kernel kernel) throws Exception;
  }

  private final List<ShutdownReason> power = new ArrayList<>();

  private void play(Scene scene) throws MachineFailure {
    play(SimulatedMachine.Options.fair(), scene);
    for (long seed = 1; seed <= SEEDS; seed++) {
      play(
          SimulatedMachine.Options.seed(seed).with(RandomWalk.patient()).chaos(false, true), scene);
    }
  }

  private void play(SimulatedMachine.Options options, Scene scene) throws MachineFailure {
    power.clear();
    SimulatedMachine machine = new SimulatedMachine(options);
    machine.run(
        () -> {
          Kernel kernel = TestGuest.boot(machine, 1, "", power);
          Tty tty = new Tty(kernel);
          TreeMap<String, UserCommand> commands = new TreeMap<>();
          List<UserCommand> all =
              List.of(
                  new Poweroff(),
                  new Made("seven", context -> 7),
                  new Made("oops", context -> Integer.parseInt("oops")),
                  new Made("slow", context -> Task.sleep(100 * SECOND) ? 0 : 1));
          all.forEach(command -> commands.put(command.name(), command));
          GuestInit.start(new GuestInit.Options(kernel, "guest", Optional.of(tty), commands));
          Task.sleep(SECOND);
          assertEquals(PROMPT, tty.output.toString(StandardCharsets.UTF_8));
          scene.play(tty, kernel);
          return null;
        });
  }

  @Test
  void outputIsMarkedAndTheExitCodeTold() throws MachineFailure {
    play(
        (tty, kernel) -> {
          assertEquals("echo hi\n" + BEGIN + "hi\n" + end(0), tty.type("echo hi\n"));
          assertEquals("seven\n" + BEGIN + end(7), tty.type("seven\r"));
          assertEquals("\n" + BEGIN + end(0), tty.type("\n"));
        });
  }

  @Test
  void mistakesHaveTheirExitCodes() throws MachineFailure {
    play(
        (tty, kernel) -> {
          assertTrue(
              tty.type("elephant\n").contains("sh: elephant: command not found\n" + end(127)));
          assertTrue(tty.type("echo |\n").endsWith(end(2)));
          assertTrue(tty.type("oops\n").contains("oops: internal error: "));
          assertTrue(tty.type("oops\n").endsWith(end(70)));
        });
  }

  @Test
  void commandsAreJoined() throws MachineFailure {
    play(
        (tty, kernel) -> {
          assertTrue(tty.type("seven && echo a || echo b; echo c\n").endsWith("b\nc\n" + end(0)));
          assertTrue(tty.type("seven --help\n").contains("usage: seven"));
          assertTrue(tty.type("seven; echo $? | grep 7\n").endsWith("7\n" + end(0)));
          assertTrue(tty.type("help\n").matches("(?s).*seven +made for a test\n.*"));
        });
  }

  @Test
  void outputGoesToKernelFiles() throws MachineFailure {
    play(
        (tty, kernel) -> {
          String file = "/proc/sys/kernel/hung_task_timeout_secs";
          assertTrue(tty.type("echo 17 > " + file + "\n").endsWith(BEGIN + end(0)));
          assertEquals("17\n", kernel.files().read(file));
          assertTrue(tty.type("echo x > /proc/version\n").contains("Permission denied\n" + end(1)));
          assertTrue(tty.type("echo x > /dev/null\n").endsWith(BEGIN + end(0)));
        });
  }

  @Test
  void controlCEndsTheCommandThatRuns() throws MachineFailure {
    play(
        (tty, kernel) -> {
          assertEquals("slow\n" + BEGIN, tty.type("slow\n"));
          tty.interrupt();
          Task.sleep(SECOND);
          assertEquals(
              "slow\n" + BEGIN + end(128 + 15), tty.output.toString(StandardCharsets.UTF_8));
          tty.interrupt();
          assertEquals("echo x^C\n" + PROMPT, tty.type("echo x\u0003"));
          assertTrue(tty.type("echo y\n").contains(BEGIN + "y\n"));
        });
  }

  @Test
  void controlCEndsTheWholeLine() throws MachineFailure {
    play(
        (tty, kernel) -> {
          tty.type("slow; echo and; slow\n");
          tty.interrupt();
          Task.sleep(SECOND);
          assertTrue(tty.output.toString(StandardCharsets.UTF_8).endsWith(BEGIN + end(128 + 15)));
          assertTrue(tty.type("echo y; echo z\n").endsWith(BEGIN + "y\nz\n" + end(0)));
        });
  }

  /// A control-C that the console kept is told as soon as the line runs: before its first command.
  @Test
  void controlCThatCameBeforeTheCommandCounts() throws MachineFailure {
    play(
        (tty, kernel) -> {
          tty.isPending = true;
          assertTrue(tty.type("slow\n").endsWith(BEGIN + end(130)));
          assertTrue(tty.type("echo y\n").endsWith(BEGIN + "y\n" + end(0)));
        });
  }

  @Test
  void exitIsFollowedByANewShell() throws MachineFailure {
    play(
        (tty, kernel) -> {
          assertTrue(tty.type("NAME=x; exit 3; echo no\n").endsWith(BEGIN + end(3)));
          assertTrue(tty.type("echo a$NAME; echo b\n").endsWith(BEGIN + "a\nb\n" + end(0)));
        });
  }

  @Test
  void backgroundJobsAreWaitedFor() throws MachineFailure {
    play(
        (tty, kernel) -> {
          assertTrue(tty.type("slow &\n").matches("(?s).*\\[1] \\d+\n.*D;0.*"));
          tty.type("wait\n");
          Task.sleep(100 * SECOND);
          assertTrue(tty.output.toString(StandardCharsets.UTF_8).endsWith(end(0)));
        });
  }

  @Test
  void redirectionInTheBackgroundBlocksItsJobAlone() throws MachineFailure {
    play(
        (tty, kernel) -> {
          WaitQueue gate = kernel.cpu().waitQueue("gate");
          AtomicBoolean isOpen = new AtomicBoolean();
          kernel
              .files()
              .add(
                  "/sys/slow",
                  new KernelFiles.KernelFile() {
                    @Override
                    public String read() {
                      return "";
                    }

                    @Override
                    public void write(String text) {
                      gate.await(Task.State.D, WaitQueue.FOREVER, isOpen::get);
                    }
                  });
          assertTrue(tty.type("echo 1 > /sys/sl* && seven &\n").endsWith(end(0)));
          assertTrue(tty.type("echo {1..3}\n").endsWith("1 2 3\n" + end(0)));
          assertTrue(tty.type("wait\n").endsWith(BEGIN));
          isOpen.set(true);
          gate.wakeAll();
          Task.sleep(SECOND);
          assertTrue(tty.output.toString(StandardCharsets.UTF_8).endsWith(end(7)));
        });
  }

  @Test
  void lineIsEdited() throws MachineFailure {
    play(
        (tty, kernel) -> {
          assertEquals("echo ä\b \bb\n" + BEGIN + "b\n" + end(0), tty.type("echo ä\u007fb\n"));
          assertTrue(tty.type("seven\u0015echo\n").endsWith(BEGIN + "\n" + end(0)));
          assertTrue(tty.type("\u007f\u007f\u001b\n").endsWith(BEGIN + end(0)));
        });
  }

  @Test
  void lineIsBounded() throws MachineFailure {
    play(
        (tty, kernel) -> {
          for (int i = 0; i < 50; i++) {
            tty.type("x".repeat(200));
          }
          String answer = tty.type("\n");
          assertTrue(answer.length() < ConsoleShell.LINE_BYTES_MAX + 200);
          assertTrue(answer.endsWith(end(127)));
        });
  }

  @Test
  void poweroffAsksTheKernel() throws MachineFailure {
    play(
        (tty, kernel) -> {
          tty.type("poweroff\n");
          assertEquals(List.of(ShutdownReason.POWEROFF), power);
        });
  }
}
