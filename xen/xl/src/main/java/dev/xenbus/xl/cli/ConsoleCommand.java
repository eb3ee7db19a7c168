package dev.xenbus.xl.cli;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenconsoled.ConsoleSession;
import dev.xenbus.xl.LibxlException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/// `xl console`: a guest's console, or one command in the guest's shell.
///
/// Differs: `-c` is ours. The shell marks where a command's output begins and ends, as terminals
/// that know shells have it: `ESC ] 133 ; C BEL` and `ESC ] 133 ; D ; <exit code> BEL`.
final class ConsoleCommand {
  private static final long ATTACH_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long BUSY_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int INTERRUPTED = 130;
  private static final byte[] CONTROL_C = {0x03};

  private ConsoleCommand() {}

  static int run(XlProcess xl, Options options) throws LibxlException, UsageException {
    Domid domid = xl.domain(options.first());
    Optional<String> command = options.value('c');
    if (command.isEmpty()) {
      return attach(xl, domid);
    }
    try (ConsoleSession session = open(xl, domid)) {
      return new ConsoleCommand.Dialogue(xl, domid, session).run(command.get());
    }
  }

  private static ConsoleSession open(XlProcess xl, Domid domid) throws UsageException {
    return xl.services()
        .consoles()
        .attach(domid, ATTACH_NANOS)
        .orElseThrow(
            () ->
                new UsageException(
                    1, "xenconsole: Could not read tty from store: No such file or directory"));
  }

  /// Shows what the guest prints until it is gone or the process is interrupted.
  static int attach(XlProcess xl, Domid domid) throws UsageException {
    byte[] buffer = new byte[4096];
    try (ConsoleSession session = open(xl, domid)) {
      while (true) {
        int bytes = session.read(buffer, WaitQueue.FOREVER);
        if (bytes < 0) {
          return 0;
        }
        if (bytes == 0 && Task.current().signalPending()) {
          return INTERRUPTED;
        }
        xl.out().print(text(buffer, bytes));
      }
    }
  }

  private static String text(byte[] bytes, int length) {
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  /// One command and its answer.
  private record Dialogue(XlProcess xl, Domid domid, ConsoleSession session) {
    int run(String command) throws UsageException {
      if (!session.claimInput(BUSY_NANOS)) {
        return unanswered("another command holds the console of domain " + domid);
      }
      byte[] line = (command + "\n").getBytes(StandardCharsets.UTF_8);
      if (session.write(line, line.length, ANSWER_NANOS) < line.length) {
        return unanswered("domain " + domid + " does not read its console");
      }
      ShellMarks marks = new ShellMarks();
      byte[] buffer = new byte[4096];
      while (true) {
        long patience = marks.hasBegun() ? WaitQueue.FOREVER : ANSWER_NANOS;
        int bytes = session.read(buffer, patience);
        if (bytes < 0) {
          return ended();
        }
        if (bytes == 0) {
          return unanswered("domain " + domid + " does not answer on its console");
        }
        String output = marks.feed(buffer, bytes);
        if (!output.isEmpty()) {
          xl.out().print(output);
        }
        OptionalInt exitCode = marks.exitCode();
        if (exitCode.isPresent()) {
          return exitCode.getAsInt();
        }
      }
    }

    // A command such as poweroff does not answer any more.
    private int ended() throws UsageException {
      Optional<ShutdownReason> reason = session.stopped();
      if (reason.isEmpty()) {
        throw new UsageException(1, "xl console: domain " + domid + " is gone");
      }
      xl.err()
          .println(
              "xl console: domain " + domid + " has shut down, reason code " + reason.get().code());
      boolean wanted =
          reason.get() == ShutdownReason.POWEROFF || reason.get() == ShutdownReason.REBOOT;
      return wanted ? 0 : 1;
    }

    // The time is over, or a signal came: then the guest's command gets it too.
    private int unanswered(String message) throws UsageException {
      if (!Task.current().signalPending()) {
        throw new UsageException(1, "xl console: " + message);
      }
      session.write(CONTROL_C, CONTROL_C.length, 0);
      return INTERRUPTED;
    }
  }
}
