package dev.xenbus.machine;

/// Everyone in turn, time moves only when nobody can run, nothing fails: what scenarios use that
/// assert success. Always the first possibility, since a step lists the fair one first.
public record Fair() implements Strategy {
  @Override
  public Picker picker(long seed) {
    return step -> 0;
  }

  @Override
  public String text() {
    return "fair";
  }

  @Override
  public boolean advancesEarly() {
    return false;
  }
}
