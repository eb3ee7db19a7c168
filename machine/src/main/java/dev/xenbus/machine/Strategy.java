package dev.xenbus.machine;

import java.util.Locale;

/// How a simulated machine chooses. A value; what a run remembers is in its [Picker].
public sealed interface Strategy permits RandomWalk, Pct, Fair, Starve, Delay, Replay {
  /// Starts a run.
  Picker picker(long seed);

  /// Returns its text form, which [#parse] reads: `fair`, `patient`, `patient:16`,
  /// `pct:3:10000`, `starve:1.xvda-0`, `delay`, and with time-outs that may come early `random`,
  /// `random:16`, `early-pct:3:10000`.
  String text();

  /// Returns whether virtual time may move although somebody can run.
  boolean advancesEarly();

  /// Reads a text form.
  ///
  /// @throws IllegalArgumentException if it is none
  static Strategy parse(String text) {
    if (text.startsWith(Starve.WORD) && text.length() > Starve.WORD.length()) {
      return new Starve(text.substring(Starve.WORD.length()));
    }
    String[] words = text.toLowerCase(Locale.ROOT).split(":", -1);
    try {
      if (words[0].equals("fair") && words.length == 1) {
        return new Fair();
      }
      if (words[0].equals("delay") && words.length == 1) {
        return new Delay();
      }
      if (words[0].equals("random") && words.length <= 2) {
        return new RandomWalk(words.length == 1 ? 0 : Integer.parseInt(words[1]), true);
      }
      if (words[0].equals("patient") && words.length <= 2) {
        return new RandomWalk(words.length == 1 ? 0 : Integer.parseInt(words[1]), false);
      }
      boolean early = words[0].equals("early-pct");
      if ((early || words[0].equals("pct")) && words.length <= 3) {
        return new Pct(
            words.length < 2 ? 3 : Integer.parseInt(words[1]),
            words.length < 3 ? 0 : Long.parseLong(words[2]),
            early);
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a strategy: " + text, e);
    }
    throw new IllegalArgumentException(
        "not a strategy: "
            + text
            + " (fair, patient[:N], random[:N], pct[:DEPTH[:POINTS]], early-pct[:DEPTH[:POINTS]],"
            + " delay, starve:COMM)");
  }
}
