package dev.xenbus.linux.shell;

import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The background jobs of a shell.
///
/// Threads: the shell's.
final class Jobs {
  /// One of them.
  ///
  /// @param number as `jobs` lists it and `wait %N` names it
  /// @param task its process
  /// @param text as it was typed
  record Job(int number, Task task, String text) {
    private boolean hasEnded() {
      return task.state() == Task.State.Z;
    }
  }

  private final List<Job> jobs = new ArrayList<>();
  private int nextNumber = 1;

  /// Returns whether there is room for one more; forgets ended ones if there was none.
  boolean hasRoom() {
    if (jobs.size() >= Shell.JOBS_MAX) {
      for (Job ended : jobs.stream().filter(Job::hasEnded).toList()) {
        ended.task().waitFor(); // so that its process is forgotten too
        jobs.remove(ended);
      }
    }
    return jobs.size() < Shell.JOBS_MAX;
  }

  /// Adds a process that is about to run.
  Job add(Task task, String text) {
    Job job = new Job(nextNumber++, task, text);
    jobs.add(job);
    return job;
  }

  void remove(Job job) {
    jobs.remove(job);
  }

  /// Returns all of them, in the order in which they were started.
  List<Job> all() {
    return List.copyOf(jobs);
  }

  /// Finds one by `%N` or by its process's number.
  Optional<Job> find(String name) {
    return jobs.stream()
        .filter(
            job ->
                name.equals("%" + job.number()) || name.equals(Integer.toString(job.task().pid())))
        .findFirst();
  }

  /// Lists them as `bash` does: `+` is the last one, `-` the one before it; one that has ended is
  /// listed for the last time.
  String list() {
    StringBuilder list = new StringBuilder();
    for (Job job : all()) {
      int behind = jobs.size() - 1 - jobs.indexOf(job);
      String mark = behind == 0 ? "+" : behind == 1 ? "-" : " ";
      String state = "Running";
      String rest = " &";
      if (job.hasEnded()) {
        int exit = job.task().waitFor();
        state = exit == 0 ? "Done" : "Exit " + exit;
        rest = "";
        jobs.remove(job);
      }
      list.append(
          String.format(
              Locale.ROOT, "[%d]%s  %-24s%s%s\n", job.number(), mark, state, job.text(), rest));
    }
    return list.toString();
  }
}
