package dev.xenbus.xenstore.client.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The words of a command: options, short or long, before, between or behind the rest. Mirrors
/// `getopt_long` of the GNU C library, with the table that all `xenstore-*` commands share: an
/// option
/// that none of them knows is complained of and passed over, one that only others take asks for the
/// usage.
final class Arguments {
  /// Options of every command: letter, long name, whether a value follows.
  private record Option(char letter, String name, boolean hasValue) {}

  private static final List<Option> OPTIONS =
      List.of(
          new Option('h', "help", false),
          new Option('f', "flat", false),
          new Option('p', "prefix", false),
          new Option('t', "tidy", false),
          new Option('u', "upto", false),
          new Option('r', "recurse", false),
          new Option('n', "number", true),
          new Option('R', "raw", false),
          new Option('s', "", false),
          new Option('d', "", true));

  private final String program;
  private final String taken;
  private final Map<Character, String> options = new LinkedHashMap<>();
  private final List<String> rest = new ArrayList<>();
  private final List<String> complaints = new ArrayList<>();
  private boolean wantsUsage;

  private Arguments(String program, String taken) {
    this.program = program;
    this.taken = taken;
  }

  /// Takes words apart.
  ///
  /// @param program the name that complaints begin with
  /// @param taken the letters that this command takes
  static Arguments parse(String program, List<String> words, String taken) {
    Arguments arguments = new Arguments(program, taken);
    int at = 0;
    while (at < words.size() && !arguments.wantsUsage) {
      String word = words.get(at++);
      if (word.equals("--")) {
        arguments.rest.addAll(words.subList(at, words.size()));
        break;
      } else if (word.startsWith("--")) {
        at += arguments.longOption(word.substring(2), words.subList(at, words.size()));
      } else if (word.startsWith("-") && word.length() > 1) {
        at += arguments.letters(word, words.subList(at, words.size()));
      } else {
        arguments.rest.add(word);
      }
    }
    return arguments;
  }

  /// Takes words as they are, for a command without options.
  static Arguments plain(String program, List<String> words) {
    Arguments arguments = new Arguments(program, "");
    arguments.rest.addAll(words);
    return arguments;
  }

  /// @return how many of the words behind it belong to it
  private int letters(String word, List<String> behind) {
    for (int i = 1; i < word.length() && !wantsUsage; i++) {
      char letter = word.charAt(i);
      Optional<Option> option = OPTIONS.stream().filter(o -> o.letter == letter).findFirst();
      if (option.isEmpty()) {
        complain("invalid option -- '" + letter + "'");
      } else if (!option.get().hasValue) {
        accept(letter, "");
      } else if (i + 1 < word.length()) {
        accept(letter, word.substring(i + 1));
        return 0;
      } else if (behind.isEmpty()) {
        complain("option requires an argument -- '" + letter + "'");
        return 0;
      } else {
        accept(letter, behind.getFirst());
        return 1;
      }
    }
    return 0;
  }

  /// @return how many of the words behind it belong to it
  private int longOption(String word, List<String> behind) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    List<Option> found = named(name);
    if (found.isEmpty()) {
      complain("unrecognized option '--" + word + "'");
    } else if (found.size() > 1) {
      StringBuilder possible = new StringBuilder();
      found.forEach(option -> possible.append(" '--").append(option.name).append('\''));
      complain("option '--" + word + "' is ambiguous; possibilities:" + possible);
    } else {
      Option option = found.getFirst();
      if (!option.hasValue && equals >= 0) {
        complain("option '--" + option.name + "' doesn't allow an argument");
      } else if (!option.hasValue) {
        accept(option.letter, "");
      } else if (equals >= 0) {
        accept(option.letter, word.substring(equals + 1));
      } else if (behind.isEmpty()) {
        complain("option '--" + option.name + "' requires an argument");
      } else {
        accept(option.letter, behind.getFirst());
        return 1;
      }
    }
    return 0;
  }

  /// The option of that name, or those whose names begin so.
  private static List<Option> named(String name) {
    List<Option> longs = OPTIONS.stream().filter(option -> !option.name.isEmpty()).toList();
    List<Option> whole = longs.stream().filter(option -> option.name.equals(name)).toList();
    return whole.isEmpty()
        ? longs.stream().filter(option -> option.name.startsWith(name)).toList()
        : whole;
  }

  private void accept(char letter, String value) {
    if (taken.indexOf(letter) < 0) {
      wantsUsage = true;
    } else {
      options.put(letter, value);
    }
  }

  private void complain(String what) {
    complaints.add(program + ": " + what);
  }

  /// What was wrong with options that were passed over, a line each.
  List<String> complaints() {
    return complaints;
  }

  /// Whether the usage is to be printed instead.
  boolean wantsUsage() {
    return wantsUsage;
  }

  boolean has(char letter) {
    return options.containsKey(letter);
  }

  /// The number that an option has: its leading digits, as `atoi` takes them; 0 if there are none.
  Optional<Integer> number(char letter) {
    return Optional.ofNullable(options.get(letter)).map(Arguments::leadingNumber);
  }

  private static int leadingNumber(String text) {
    String digits = text.strip();
    int end = digits.startsWith("-") || digits.startsWith("+") ? 1 : 0;
    long number = 0;
    boolean negative = digits.startsWith("-");
    while (end < digits.length() && Character.digit(digits.charAt(end), 10) >= 0) {
      number = Math.min(Integer.MAX_VALUE, 10 * number + Character.digit(digits.charAt(end++), 10));
    }
    return (int) (negative ? -number : number);
  }

  List<String> rest() {
    return rest;
  }
}
