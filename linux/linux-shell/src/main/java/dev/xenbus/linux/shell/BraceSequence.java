package dev.xenbus.linux.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What stands between braces with two dots: `1..5`, `01..10`, `a..e`, each with `..STEP`.
final class BraceSequence {
  private static final Pattern NUMBERS =
      Pattern.compile("(-?\\d{1,9})\\.\\.(-?\\d{1,9})(?:\\.\\.(-?\\d{1,9}))?");
  private static final Pattern LETTERS =
      Pattern.compile("([A-Za-z])\\.\\.([A-Za-z])(?:\\.\\.(-?\\d{1,9}))?");

  /// Most words of one pair of braces: a typing error must not fill the memory.
  static final int WORDS_MAX = 65_536;

  private BraceSequence() {}

  /// Returns the words; none if it is no sequence, or one of more than [#WORDS_MAX].
  static List<String> of(ShellWord inside, boolean isBare) {
    if (!isBare) {
      return List.of();
    }
    String text = inside.toString();
    Matcher numbers = NUMBERS.matcher(text);
    if (numbers.matches()) {
      int width = isPadded(numbers.group(1)) || isPadded(numbers.group(2)) ? width(numbers) : 0;
      return words(
          Long.parseLong(numbers.group(1)),
          Long.parseLong(numbers.group(2)),
          step(numbers.group(3)),
          value -> padded(value, width));
    }
    Matcher letters = LETTERS.matcher(text);
    if (letters.matches()) {
      return words(
          letters.group(1).charAt(0),
          letters.group(2).charAt(0),
          step(letters.group(3)),
          value -> Character.toString((int) value));
    }
    return List.of();
  }

  private static List<String> words(
      long from, long to, long step, java.util.function.LongFunction<String> text) {
    List<String> words = new ArrayList<>();
    if (Math.abs(to - from) / step >= WORDS_MAX) {
      return words;
    }
    for (long i = 0; i <= Math.abs(to - from) / step; i++) {
      words.add(text.apply(to >= from ? from + i * step : from - i * step));
    }
    return words;
  }

  /// Returns the step's size; its sign says nothing, and 0 counts as 1.
  private static long step(@org.jspecify.annotations.Nullable String text) {
    long step = text == null ? 1 : Math.abs(Long.parseLong(text));
    return step == 0 ? 1 : step;
  }

  private static boolean isPadded(String number) {
    return number.matches("-?0\\d+");
  }

  private static int width(Matcher numbers) {
    return Math.max(numbers.group(1).length(), numbers.group(2).length());
  }

  private static String padded(long value, int width) {
    String digits = Long.toString(Math.abs(value));
    String sign = value < 0 ? "-" : "";
    return sign + "0".repeat(Math.max(0, width - sign.length() - digits.length())) + digits;
  }
}
