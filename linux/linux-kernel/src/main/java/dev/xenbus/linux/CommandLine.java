package dev.xenbus.linux;

import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.Nearest;
import dev.xenbus.linux.api.ParameterValues;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/// A kernel command line, read: words apart by spaces, `name`, `name=value` or
/// `module.name=value`; double quotes keep spaces together; `-` and `_` are one in a name; what
/// follows the word `--` is not for the kernel. Mirrors `parse_args` (`kernel/params.c`).
///
/// A module's words wait until the module is loaded: only then is it known what it declares.
///
/// Immutable.
public final class CommandLine {
  /// A word.
  ///
  /// @param text as it was typed
  /// @param number which word, from 1
  /// @param column its first character, from 1
  /// @param name before the first `=`, with `_` for `-`
  /// @param value after it, without quotes; empty if there is none
  private record Word(String text, int number, int column, String name, Optional<String> value) {
    ParameterException refused(String reason, Optional<String> nearest) {
      return new ParameterException(reason, text, number, column, nearest);
    }
  }

  private final String text;
  private final ParameterValues values;
  private final SequencedMap<String, List<Word>> modules;
  private final List<String> initWords;
  private final List<String> warnings;

  private CommandLine(
      String text,
      ParameterValues values,
      SequencedMap<String, List<Word>> modules,
      List<String> initWords,
      List<String> warnings) {
    this.text = text;
    this.values = values;
    this.modules = modules;
    this.initWords = initWords;
    this.warnings = warnings;
  }

  /// Reads a command line.
  ///
  /// @param declared the kernel's own parameters
  /// @throws ParameterException at the first word that is unknown or malformed
  public static CommandLine parse(String text, List<KernelParameter> declared)
      throws ParameterException {
    Sorted sorted = sort(split(text));
    ParameterValues values = values("", sorted.own(), declared);
    return new CommandLine(text, values, sorted.modules(), sorted.initWords(), List.of());
  }

  /// Reads a command line as a guest's kernel does: unknown words are for its user space, malformed
  /// values leave the default, and each is a warning. An open quote ends with the line.
  ///
  /// @param declared the kernel's own parameters
  public static CommandLine lenient(String text, List<KernelParameter> declared) {
    List<String> warnings = new ArrayList<>();
    Sorted sorted = sort(words(text));
    List<Word> good = new ArrayList<>();
    for (Word word : sorted.own()) {
      try {
        values("", List.of(word), declared);
        good.add(word);
      } catch (ParameterException e) {
        warnings.add(String.valueOf(e.getMessage()));
        sorted.initWords().add(word.text());
      }
    }
    try {
      ParameterValues values = values("", good, declared);
      return new CommandLine(
          text, values, sorted.modules(), sorted.initWords(), List.copyOf(warnings));
    } catch (ParameterException e) {
      throw new IllegalStateException("a word that was good is not", e);
    }
  }

  /// Words by whom they are for.
  private record Sorted(
      List<Word> own, SequencedMap<String, List<Word>> modules, List<String> initWords) {}

  private static Sorted sort(List<Word> words) {
    Sorted sorted = new Sorted(new ArrayList<>(), new LinkedHashMap<>(), new ArrayList<>());
    boolean isForInit = false;
    for (Word word : words) {
      int dot = word.name().indexOf('.');
      if (isForInit) {
        sorted.initWords().add(word.text());
      } else if (word.text().equals("--")) {
        isForInit = true;
      } else if (dot > 0) {
        String module = word.name().substring(0, dot);
        sorted.modules().computeIfAbsent(module, _ -> new ArrayList<>()).add(word);
      } else {
        sorted.own().add(word);
      }
    }
    return sorted;
  }

  /// Returns the line as it was given.
  public String text() {
    return text;
  }

  /// Returns the values of the kernel's own parameters.
  public ParameterValues values() {
    return values;
  }

  /// Returns the words that are not for the kernel.
  public List<String> initWords() {
    return List.copyOf(initWords);
  }

  /// Returns what was wrong with a line that was read leniently, a line each.
  public List<String> warnings() {
    return warnings;
  }

  /// Returns the modules for which there are words, in the order in which they were named.
  public SequencedSet<String> modules() {
    return new LinkedHashSet<>(modules.keySet());
  }

  /// Returns the words for one module, as they were typed.
  public List<String> wordsOf(String module) {
    return modules.getOrDefault(underscored(module), List.of()).stream().map(Word::text).toList();
  }

  /// Returns the values of a module that is being loaded, by their names without the module.
  ///
  /// @param declared the module's parameters
  /// @throws ParameterException at the first of its words that is unknown or malformed
  public ParameterValues module(String module, List<KernelParameter> declared)
      throws ParameterException {
    String name = underscored(module);
    return values(name + ".", modules.getOrDefault(name, List.of()), declared);
  }

  private static ParameterValues values(
      String prefix, List<Word> words, List<KernelParameter> declared) throws ParameterException {
    SequencedMap<String, KernelParameter> known = new LinkedHashMap<>();
    SequencedMap<String, String> values = new LinkedHashMap<>();
    for (KernelParameter parameter : declared) {
      known.put(prefix + underscored(parameter.name()), parameter);
      values.put(underscored(parameter.name()), parameter.defaultValue());
    }
    for (Word word : words) {
      KernelParameter parameter = known.get(word.name());
      if (parameter == null) {
        throw word.refused("unknown parameter", Nearest.of(word.name(), known.keySet()));
      }
      values.put(underscored(parameter.name()), value(word, parameter));
    }
    return new Values(declared, values);
  }

  /// Returns a word's value in its plain form: `1` or `0` for a flag.
  private static String value(Word word, KernelParameter parameter) throws ParameterException {
    String given = word.value().orElse("");
    return switch (parameter.type()) {
      case FLAG -> {
        Optional<Boolean> flag = word.value().isEmpty() ? Optional.of(true) : flag(given);
        if (flag.isEmpty()) {
          throw word.refused("not a flag (1, on, y, 0, off or n):", Optional.empty());
        }
        yield flag.get() ? "1" : "0";
      }
      case NUMBER -> {
        if (number(given).isEmpty()) {
          throw word.refused("not a number:", Optional.empty());
        }
        yield given;
      }
      case TEXT -> given;
    };
  }

  /// Mirrors `kstrtobool` (`lib/kstrtox.c`).
  private static Optional<Boolean> flag(String value) {
    return switch (value) {
      case "1", "on", "y", "Y", "yes", "true" -> Optional.of(true);
      case "0", "off", "n", "N", "no", "false" -> Optional.of(false);
      default -> Optional.empty();
    };
  }

  private static Optional<Long> number(String value) {
    boolean isDigits = !value.isEmpty() && value.chars().allMatch(c -> c >= '0' && c <= '9');
    return isDigits && value.length() <= 18 ? Optional.of(Long.valueOf(value)) : Optional.empty();
  }

  private static String underscored(String name) {
    return name.replace('-', '_');
  }

  private static List<Word> split(String text) throws ParameterException {
    List<Word> words = words(text);
    if (!words.isEmpty() && words.getLast().text().chars().filter(c -> c == '"').count() % 2 != 0) {
      throw words.getLast().refused("quote is not closed in", Optional.empty());
    }
    return words;
  }

  private static List<Word> words(String text) {
    List<Word> words = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      if (Character.isWhitespace(text.charAt(at))) {
        at++;
        continue;
      }
      int start = at;
      boolean isQuoted = false;
      while (at < text.length() && (isQuoted || !Character.isWhitespace(text.charAt(at)))) {
        isQuoted ^= text.charAt(at) == '"';
        at++;
      }
      words.add(word(text.substring(start, at), words.size() + 1, start + 1));
    }
    return words;
  }

  private static Word word(String typed, int number, int column) {
    String plain = typed.replace("\"", "");
    int equals = plain.indexOf('=');
    String name = equals < 0 ? plain : plain.substring(0, equals);
    Optional<String> value =
        equals < 0 ? Optional.empty() : Optional.of(plain.substring(equals + 1));
    return new Word(typed, number, column, underscored(name), value);
  }

  /// Values of declared parameters, in their plain forms.
  private record Values(List<KernelParameter> declared, SequencedMap<String, String> plain)
      implements ParameterValues {
    private String get(String name, KernelParameter.Type type) {
      for (KernelParameter parameter : declared) {
        if (parameter.name().equals(name) && parameter.type() == type) {
          return plain.getOrDefault(underscored(name), "");
        }
      }
      throw new IllegalArgumentException("no parameter " + name + " of type " + type);
    }

    @Override
    public boolean flag(String name) {
      return CommandLine.flag(get(name, KernelParameter.Type.FLAG)).orElse(false);
    }

    @Override
    public long number(String name) {
      return CommandLine.number(get(name, KernelParameter.Type.NUMBER)).orElse(0L);
    }

    @Override
    public String text(String name) {
      return get(name, KernelParameter.Type.TEXT);
    }
  }
}
