package dev.xenbus.machine;

/// The usual choice at every step, but that tasks of one name run only while nobody else can: what
/// goes wrong if a thread is never there in time. With it a schedule of thousands of choices that
/// pass the same task over is one word.
///
/// @param comm the name of the tasks
public record Starve(String comm) implements Strategy {
  static final String WORD = "starve:";

  @Override
  public Picker picker(long seed) {
    return this::pick;
  }

  private int pick(Step step) {
    if (step.kind() != Choices.Kind.SCHEDULE) {
      return 0;
    }
    for (int option = 0; option < step.options(); option++) {
      // One that relaxes may wait for the very task that starves.
      boolean relaxes = step.isRelaxing() && option == step.stay();
      if (!relaxes && !step.candidate(option).comm().equals(comm)) {
        return option;
      }
    }
    return 0;
  }

  @Override
  public String text() {
    return WORD + comm;
  }

  @Override
  public boolean advancesEarly() {
    return false;
  }
}
