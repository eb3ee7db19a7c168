package dev.xenbus.linux.command;

import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/// `ps`: the tasks of the kernel; kernel threads in brackets.
///
/// Differs: names are shown in full (kernels before 5.17 cut them at 15 characters).
public final class Ps extends KernelCommand {
  private static final List<String> COLUMNS = List.of("pid", "stat", "wchan", "comm");
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /// For the service loader.
  public Ps() {
    super(
        "ps",
        "lists the tasks of this kernel",
        """
        ps [-ef | aux | -o COLUMN,...] [-p PID,...] [-C NAME,...]
          COLUMN is pid, stat, wchan, comm or time; other letters of the usual spellings are taken
          and change nothing
        """,
        1);
  }

  /// A column.
  ///
  /// @param head its name
  /// @param width characters
  /// @param isRight whether it is flush right
  /// @param text what it says of a task
  private record Column(String head, int width, boolean isRight, Function<Task, String> text) {
    String cell(String content) {
      return String.format(Locale.ROOT, isRight ? "%" + width + "s" : "%-" + width + "s", content);
    }
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    List<String> columns = COLUMNS;
    List<String> pids = List.of();
    List<String> names = List.of();
    int at = 0;
    while (at < arguments.size()) {
      String word = arguments.get(at++);
      boolean wantsValue = word.matches("-[A-Za-z]*[oOpC]|--format|--pid");
      if (!wantsValue) {
        if (!word.matches("-?[A-Za-z]+|--(headers|no-headers|forest)")) {
          throw new UsageException("unsupported option: " + word);
        }
        continue;
      }
      if (at == arguments.size()) {
        throw new UsageException("option needs a value: " + word);
      }
      List<String> values = List.of(arguments.get(at++).split(","));
      switch (word.charAt(word.length() - 1)) {
        case 'C' -> names = values;
        case 'p', 'd' -> pids = values;
        default -> columns = values;
      }
    }
    return print(context, columns(columns), pids, names);
  }

  private static int print(
      Context context, List<Column> columns, List<String> pids, List<String> names) {
    StringBuilder head = new StringBuilder();
    columns.forEach(column -> head.append(column.cell(column.head())).append(' '));
    context.out().println(head.toString().stripTrailing());
    int shown = 0;
    for (Task task : context.kernel().cpu().machine().tasks()) {
      boolean isOurs = task.cpu().equals(context.kernel().cpu());
      boolean isAsked = pids.isEmpty() || pids.contains(Integer.toString(task.pid()));
      if (isOurs && isAsked && (names.isEmpty() || names.contains(task.comm()))) {
        StringBuilder line = new StringBuilder();
        columns.forEach(column -> line.append(column.cell(column.text().apply(task))).append(' '));
        context.out().println(line.toString().stripTrailing());
        shown++;
      }
    }
    return shown > 0 ? 0 : 1;
  }

  private static List<Column> columns(List<String> names) throws UsageException {
    List<Column> columns = new ArrayList<>();
    for (String name : names) {
      columns.add(
          switch (name) {
            case "pid" -> new Column("PID", 7, true, task -> Integer.toString(task.pid()));
            case "stat", "s", "state" -> new Column("STAT", 4, false, task -> task.state().name());
            case "wchan" -> new Column("WCHAN", 27, false, Ps::wchan);
            case "comm", "cmd", "command", "args" -> new Column("COMMAND", 7, false, Ps::command);
            case "time", "cputime" -> new Column("TIME", 8, true, Ps::time);
            default -> throw new UsageException("unknown user-defined format specifier " + name);
          });
    }
    return columns;
  }

  private static String wchan(Task task) {
    return task.wchan().equals("0") ? "-" : task.wchan();
  }

  private static String command(Task task) {
    String name = task.isKernelThread() ? "[" + task.comm() + "]" : task.comm();
    return task.state() == Task.State.Z ? name + " <defunct>" : name;
  }

  private static String time(Task task) {
    long seconds = task.cpuNanos() / NANOS_PER_SECOND;
    return String.format(
        Locale.ROOT, "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
}
