package dev.xenbus.machine;

/// The usual choice at every step but one: at the choice among tasks whose number is the seed, from
/// 1 on, the next task goes on in the usual one's place. The seeds 1 to the length of a run are all
/// schedules with one delay (delay-bounded scheduling, Emmi, Qadeer and Rakamaric 2011); seeds
/// behind it are the usual schedule.
public record Delay() implements Strategy {
  @Override
  public Picker picker(long seed) {
    long[] choices = {0};
    return step ->
        step.kind() == Choices.Kind.SCHEDULE && ++choices[0] == seed ? 1 % step.options() : 0;
  }

  @Override
  public String text() {
    return "delay";
  }

  @Override
  public boolean advancesEarly() {
    return false;
  }
}
