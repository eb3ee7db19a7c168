package dev.xenbus.xl.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The options and arguments of one command, as `getopt` gives them: options may stand anywhere,
/// `--` ends them.
///
/// @param given the letters that were given, with their value or an empty text
/// @param arguments the rest
record Options(Map<Character, String> given, List<String> arguments) {
  private static final int BAD_USAGE = 2;

  /// Parses.
  ///
  /// @param known the letters, a colon behind one with a value
  /// @param longNames long options and the letters that they stand for
  /// @throws UsageException if there is one that is not known
  static Options parse(String known, Map<String, Character> longNames, List<String> words)
      throws UsageException {
    Map<Character, String> given = new LinkedHashMap<>();
    List<String> arguments = new ArrayList<>();
    int at = 0;
    while (at < words.size()) {
      String word = words.get(at++);
      if (word.equals("--")) {
        arguments.addAll(words.subList(at, words.size()));
        break;
      }
      if (!word.startsWith("-") || word.equals("-")) {
        arguments.add(word);
        continue;
      }
      at = takeOption(known, longNames, words, word, at, given);
    }
    return new Options(given, List.copyOf(arguments));
  }

  private static int takeOption(
      String known,
      Map<String, Character> longNames,
      List<String> words,
      String word,
      int next,
      Map<Character, String> given)
      throws UsageException {
    if (word.startsWith("--")) {
      return takeLong(known, longNames, words, word.substring(2), next, given);
    }
    int at = next;
    for (int i = 1; i < word.length(); i++) {
      char letter = word.charAt(i);
      if (letter == ':' || known.indexOf(letter) < 0) {
        throw unknown(Character.toString(letter));
      }
      if (!takesValue(known, letter)) {
        given.put(letter, "");
      } else if (i + 1 < word.length()) {
        given.put(letter, word.substring(i + 1));
        break;
      } else {
        given.put(letter, value(words, at++, letter));
      }
    }
    return at;
  }

  private static int takeLong(
      String known,
      Map<String, Character> longNames,
      List<String> words,
      String option,
      int next,
      Map<Character, String> given)
      throws UsageException {
    int equals = option.indexOf('=');
    String name = equals < 0 ? option : option.substring(0, equals);
    Character letter = longNames.get(name);
    if (letter == null || known.indexOf(letter) < 0) {
      throw unknown(name);
    }
    if (!takesValue(known, letter)) {
      given.put(letter, "");
      return next;
    }
    given.put(letter, equals < 0 ? value(words, next, letter) : option.substring(equals + 1));
    return equals < 0 ? next + 1 : next;
  }

  private static boolean takesValue(String known, char letter) {
    int at = known.indexOf(letter) + 1;
    return at < known.length() && known.charAt(at) == ':';
  }

  private static String value(List<String> words, int at, char letter) throws UsageException {
    if (at >= words.size()) {
      throw new UsageException(BAD_USAGE, "option `" + letter + "' requires an argument.");
    }
    return words.get(at);
  }

  private static UsageException unknown(String option) {
    return new UsageException(BAD_USAGE, "option `" + option + "' not supported.");
  }

  boolean has(char letter) {
    return given.containsKey(letter);
  }

  Optional<String> value(char letter) {
    return Optional.ofNullable(given.get(letter));
  }

  String first() {
    return arguments.getFirst();
  }

  /// Returns the arguments behind the first one.
  List<String> rest() {
    return arguments.subList(1, arguments.size());
  }
}
