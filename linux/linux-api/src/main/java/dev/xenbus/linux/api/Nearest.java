package dev.xenbus.linux.api;

import java.util.Collection;
import java.util.Optional;

/// Finds the known word that is most like a mistyped one.
public final class Nearest {
  private Nearest() {}

  /// Returns the known word with the fewest changed characters; empty if that is more than a third
  /// of them.
  public static Optional<String> of(String typed, Collection<String> known) {
    String best = "";
    int fewest = Integer.MAX_VALUE;
    for (String word : known) {
      int changes = changes(typed, word);
      if (changes < fewest) {
        fewest = changes;
        best = word;
      }
    }
    return fewest <= Math.max(1, best.length() / 3) ? Optional.of(best) : Optional.empty();
  }

  /// Counts insertions, deletions and replacements (Levenshtein).
  private static int changes(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int column = 0; column <= to.length(); column++) {
      row[column] = column;
    }
    for (int line = 1; line <= from.length(); line++) {
      int diagonal = row[0];
      row[0] = line;
      for (int column = 1; column <= to.length(); column++) {
        int replaced = diagonal + (from.charAt(line - 1) == to.charAt(column - 1) ? 0 : 1);
        diagonal = row[column];
        row[column] = Math.min(replaced, Math.min(row[column], row[column - 1]) + 1);
      }
    }
    return row[to.length()];
  }
}
