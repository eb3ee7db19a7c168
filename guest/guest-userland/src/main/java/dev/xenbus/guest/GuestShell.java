package dev.xenbus.guest;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.ShellWord;
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

/// Runs lines, each command in a process of its own; what the shell does itself, and where output
/// goes, in the shell's. A job in the background is a process with a shell of its own.
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

  /// Whether it runs one command and no other, in the process that it has.
  private final boolean isCommand;

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
    this.isCommand = false;
  }

  /// Makes the shell of a job: it has no jobs, and control-C is not for it.
  private GuestShell(GuestShell parent, boolean isCommand) {
    this.kernel = parent.kernel;
    this.commands = parent.commands;
    this.services = parent.services;
    this.console = parent.console;
    this.onInterrupt = interrupt -> {};
    this.isCommand = isCommand;
  }

  /// Runs a line.
  ///
  /// @return the exit code of its last command; 0 of an empty line
  int execute(String line) {
    List<ShellWords.Command> commands;
    try {
      commands = ShellWords.parse(line);
    } catch (ShellWords.SyntaxException e) {
      console.println("sh: " + e.getMessage());
      return USAGE;
    }
    int exit = 0;
    List<ShellWords.Command> list = new ArrayList<>();
    for (int i = 0; i < commands.size(); i++) {
      list.add(commands.get(i));
      if (i + 1 == commands.size() || commands.get(i + 1).when() == ShellWords.When.ALWAYS) {
        exit = commands.get(i).isBackground() ? startJob(List.copyOf(list)) : run(list);
        list.clear();
      }
    }
    return exit;
  }

  /// Runs commands that are joined by `&&` and `||`, and waits for each.
  private int run(List<ShellWords.Command> list) {
    int exit = 0;
    for (ShellWords.Command command : list) {
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
    return exit;
  }

  /// Starts a process with a shell of its own; one that runs a single command becomes that command.
  private int startJob(List<ShellWords.Command> list) {
    String name = expand(list.getFirst().words()).getFirst();
    // Codes of jobs that ended, and that nobody asked for.
    jobs.removeIf(job -> job.state() == Task.State.Z && job.waitFor() >= 0);
    if (jobs.size() >= JOBS_MAX) {
      console.println("sh: " + name + ": " + Errno.EAGAIN.text());
      return 1;
    }
    boolean isOne = list.size() == 1;
    GuestShell shell = new GuestShell(this, isOne);
    Task task;
    try {
      task =
          kernel
              .cpu()
              .process(isOne && commands.containsKey(name) ? name : "sh", self -> shell.run(list));
    } catch (NoThread e) {
      console.println("sh: " + name + ": " + Errno.ENOMEM.text());
      return 1;
    }
    task.wake();
    jobs.add(task);
    console.println("[" + jobs.size() + "] " + task.pid());
    return 0;
  }

  private List<String> expand(List<ShellWord> words) {
    return ShellWord.expandAll(words, name -> "$" + name, kernel.files());
  }

  private int run(ShellWords.Command typed) {
    List<String> words = expand(typed.words());
    if (typed.output().isEmpty()) {
      return run(words, console);
    }
    List<String> file = expand(List.of(typed.output().get()));
    if (file.size() > 1) {
      console.println("sh: " + typed.output().get() + ": ambiguous redirect");
      return 1;
    }
    StringBuilder text = new StringBuilder();
    int exit =
        run(
            words,
            more -> {
              int room = OUTPUT_CHARS_MAX - text.length();
              text.append(more, 0, Math.min(more.length(), room));
            });
    try {
      redirect(file.getFirst(), text.toString());
    } catch (KernelException e) {
      console.println("sh: " + file.getFirst() + ": " + e.errno().text());
      return 1;
    }
    return exit;
  }

  private void redirect(String file, String text) throws KernelException {
    if (!file.equals("/dev/null")) {
      kernel.files().write(file, text);
    }
  }

  private int run(List<String> words, TextOutput out) {
    String name = words.getFirst();
    List<String> arguments = words.subList(1, words.size());
    return switch (name) {
      case "help" -> help(out);
      case "wait" -> await();
      default -> runProcess(name, arguments, out);
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

  private int runProcess(String name, List<String> arguments, TextOutput out) {
    UserCommand command = commands.get(name);
    if (command == null) {
      console.println("sh: " + name + ": command not found");
      return NOT_FOUND;
    }
    Context context = new Context(kernel, services, out, console);
    if (isCommand) {
      return runGuarded(command, context, arguments);
    }
    Task task;
    try {
      task = kernel.cpu().process(name, self -> runGuarded(command, context, arguments));
    } catch (NoThread e) {
      console.println("sh: " + name + ": " + Errno.ENOMEM.text());
      return 1;
    }
    task.wake();
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
