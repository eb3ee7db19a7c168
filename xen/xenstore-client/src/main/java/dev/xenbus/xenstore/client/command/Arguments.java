package dev.xenbus.xenstore.client.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The words of a command: one-letter options, some with a value, then the rest.
final class Arguments {
  private final Map<Character, String> options = new LinkedHashMap<>();
  private final List<String> rest = new ArrayList<>();

  private Arguments() {}

  /// Takes words apart as `getopt` does.
  ///
  /// @param letters the options; one with a value has a colon behind it
  /// @return the words, or empty if one of them is no such option
  static Optional<Arguments> parse(List<String> words, String letters) {
    Arguments arguments = new Arguments();
    int at = 0;
    while (at < words.size() && words.get(at).length() > 1 && words.get(at).startsWith("-")) {
      String word = words.get(at++);
      if (word.equals("--")) {
        break;
      }
      for (int i = 1; i < word.length(); i++) {
        int known = letters.indexOf(word.charAt(i));
        if (known < 0 || word.charAt(i) == ':') {
          return Optional.empty();
        }
        String value = "";
        if (letters.startsWith(":", known + 1)) {
          value = word.substring(i + 1);
          if (value.isEmpty() && at < words.size()) {
            value = words.get(at++);
          }
          if (value.isEmpty()) {
            return Optional.empty();
          }
        }
        arguments.options.put(word.charAt(i), value);
        if (!value.isEmpty()) {
          break;
        }
      }
    }
    arguments.rest.addAll(words.subList(at, words.size()));
    return Optional.of(arguments);
  }

  boolean has(char letter) {
    return options.containsKey(letter);
  }

  /// The number that an option has.
  ///
  /// @throws Failure if it is none
  Optional<Integer> number(char letter) throws Failure {
    String value = options.get(letter);
    if (value == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Integer.parseInt(value));
    } catch (NumberFormatException e) {
      throw new Failure("no number: " + value);
    }
  }

  List<String> rest() {
    return rest;
  }
}
