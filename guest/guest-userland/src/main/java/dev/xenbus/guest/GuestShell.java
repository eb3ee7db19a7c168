package dev.xenbus.guest;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs lines, each command in a process of its own.
///
/// Threads: one task.
final class GuestShell {
  /// Exit code of a command that was not found.
  static final int NOT_FOUND = 127;

  /// Exit code of a line that means nothing.
  static final int USAGE = 2;

  /// Most commands in the background.
  static final int JOBS_MAX = 64;

  /// Most characters that `>` takes.
  private static final int OUTPUT_CHARS_MAX = 65_536;

  private static final int FAULT = 70;

  private final Kernel kernel;
  private final SequencedMap<String, UserCommand> commands;
  private final UserCommand.Services services;
  private final TextOutput console;
  private final Consumer<@Nullable Runnable> onInterrupt;
  private final List<Task> jobs = new ArrayList<>();

  /// Makes a shell.
  ///
  /// @param services what its commands may use
  /// @param onInterrupt is given what a control-C must do now
  GuestShell(
      Kernel kernel,
      SequencedMap<String, UserCommand> commands,
      UserCommand.Services services,
      TextOutput console,
      Consumer<@Nullable Runnable> onInterrupt) {
    this.kernel = kernel;
    this.commands = commands;
    this.services = services;
    this.console = console;
    this.onInterrupt = onInterrupt;
  }

  /// Runs a line.
  ///
  /// @return the exit code of its last command; 0 of an empty line
  int execute(String line) {
    int exit = 0;
    try {
      for (ShellWords.Command command : ShellWords.parse(line)) {
        boolean runs =
            switch (command.when()) {
              case ALWAYS -> true;
              case SUCCESS -> exit == 0;
              case FAILURE -> exit != 0;
            };
        if (runs) {
          exit = run(command);
        }
      }
    } catch (ShellWords.SyntaxException e) {
      console.println("sh: " + e.getMessage());
      exit = USAGE;
    }
    return exit;
  }

  private int run(ShellWords.Command typed) {
    if (typed.output().isEmpty()) {
      return run(typed, console);
    }
    StringBuilder text = new StringBuilder();
    int exit =
        run(
            typed,
            more -> {
              int room = OUTPUT_CHARS_MAX - text.length();
              text.append(more, 0, Math.min(more.length(), room));
            });
    try {
      redirect(typed.output().get(), text.toString());
    } catch (KernelException e) {
      console.println("sh: " + typed.output().get() + ": " + e.errno().text());
      return 1;
    }
    return exit;
  }

  private void redirect(String file, String text) throws KernelException {
    if (!file.equals("/dev/null")) {
      kernel.files().write(file, text);
    }
  }

  private int run(ShellWords.Command typed, TextOutput out) {
    String name = typed.words().getFirst();
    List<String> arguments = typed.words().subList(1, typed.words().size());
    return switch (name) {
      case "help" -> help(out);
      case "wait" -> await();
      default -> runProcess(name, arguments, typed, out);
    };
  }

  private int help(TextOutput out) {
    commands.forEach((name, command) -> out.printf("%-10s %s\n", name, command.summary()));
    return 0;
  }

  private int await() {
    int exit = 0;
    for (Task job : jobs) {
      exit = foreground(job);
    }
    jobs.clear();
    return exit;
  }

  private int runProcess(
      String name, List<String> arguments, ShellWords.Command typed, TextOutput out) {
    UserCommand command = commands.get(name);
    if (command == null) {
      console.println("sh: " + name + ": command not found");
      return NOT_FOUND;
    }
    jobs.removeIf(
        job -> job.state() == Task.State.Z && job.waitFor() >= 0); // their codes nobody asked for
    if (typed.isBackground() && jobs.size() >= JOBS_MAX) {
      console.println("sh: " + name + ": " + Errno.EAGAIN.text());
      return 1;
    }
    Task task;
    try {
      Context context = new Context(kernel, services, out, console);
      task = kernel.cpu().process(name, self -> runGuarded(command, context, arguments));
    } catch (NoThread e) {
      console.println("sh: " + name + ": " + Errno.ENOMEM.text());
      return 1;
    }
    task.wake();
    if (typed.isBackground()) {
      jobs.add(task);
      console.println("[" + jobs.size() + "] " + task.pid());
      return 0;
    }
    return foreground(task);
  }

  private int foreground(Task task) {
    onInterrupt.accept(task::signal);
    int exit = task.waitFor();
    onInterrupt.accept(null);
    return exit;
  }

  /// A command that fails in a way that it did not foresee costs its own process alone.
  private static int runGuarded(UserCommand command, Context context, List<String> arguments) {
    try {
      if (arguments.equals(List.of("--help"))) {
        context.out().print(command.usage().stripTrailing() + "\n");
        return 0;
      }
      return command.run(context, arguments);
    } catch (RuntimeException e) {
      context.err().println(command.name() + ": internal error: " + e);
      return FAULT;
    }
  }

  /// What a command of a guest may use.
  private record Context(
      Kernel kernel, UserCommand.Services services, TextOutput out, TextOutput err)
      implements UserCommand.Context {
    @Override
    public <T> Optional<T> service(Class<T> type) {
      return services.find(type);
    }

    @Override
    public Path file(String name) {
      throw new UnsupportedOperationException("a guest has no files outside of its kernel's");
    }
  }
}
