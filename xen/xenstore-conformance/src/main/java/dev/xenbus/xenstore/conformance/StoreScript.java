package dev.xenbus.xenstore.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.TreeSet;

/// One fact about a store, as a script: who asks what, and what comes back.
///
/// ```
/// # Writing a node makes its missing parents.
/// # profiles: c ocaml
/// s1     WRITE  /a/b hello   OK
/// s1     READ   /a           ""
/// d5     READ   /a/b         EACCES
/// s1     START  t            OK
/// s1:t   READ   /a/b         "hello"
/// s1:t   COMMIT              OK
/// ```
///
/// The comment at the top is the fact; a line `profiles:` in it says for which servers it holds
/// (`c`, `c17`, `ocaml`; all if it is missing), a line `differs:` what another one does. Every
/// other line is an actor, an operation, its arguments, and what is expected:
///
/// | actor | is |
/// |---|---|
/// | `s1`, `s2`, ... | a connection of its own on the socket, privileged |
/// | `d5` | domain 5's connection; `d5b` a second one |
/// | `s1:t` | the same connection, inside of the transaction called `t` |
/// | `xen` | the hypervisor: `CREATE 9`, `STOP 9` (it shuts down), `START 9`, `KILL 9` |
///
/// | expected | means |
/// |---|---|
/// | `OK` | the reply is `OK` |
/// | `ENOENT` ... | an error of that name |
/// | `"text"` | these bytes; `\0`, `\n`, `\xHH`, `\"`, `\\` inside |
/// | `[a b]` | these strings, each with its NUL |
/// | `*` | any reply that is no error |
/// | `/expr/` | a reply that the regular expression matches, NULs as line ends |
/// | `ENOENT (ocaml: EIO)` | the first, but from servers of that profile the second |
///
/// `127x` before an operation repeats the line; `{n}` in it is the round, from 1, and `{x*2000}`
/// stands for so many of that character.
///
/// `EVENT path token` expects the next watch event of a connection, `EVENT_BEFORE` one that came
/// before the connection's last reply, `EVENT_AFTER` one that came behind it; `NONE` that no event
/// waits; `CLOSED` that the server hung up; `RECONNECT` opens the connection anew. `RAW type
/// payload` sends any payload, `BYTES "..."` any bytes at all, `SEND` before an operation does not
/// wait for its reply, and `REPLY id` expects the next reply, with that request id (`-` for any).
///
/// @param name the file's name without its ending
/// @param fact what it says, one line
/// @param profiles servers for which it holds; empty for all
/// @param differs what other servers do
/// @param steps its lines
public record StoreScript(
    String name,
    String fact,
    SequencedSet<String> profiles,
    List<String> differs,
    List<Step> steps) {
  /// One line.
  ///
  /// @param lineNumber its number in the file, from 1
  /// @param actor who
  /// @param transaction name of the transaction, empty outside of one
  /// @param times how often
  /// @param operation what
  /// @param arguments of the operation
  /// @param expected what comes back
  /// @param alternatives what comes back from servers of another profile
  public record Step(
      int lineNumber,
      String actor,
      String transaction,
      int times,
      String operation,
      List<String> arguments,
      Expected expected,
      SequencedMap<String, Expected> alternatives) {
    /// Returns what a server of that profile answers.
    public Expected expectedOf(String profile) {
      return alternatives.getOrDefault(profile, expected);
    }

    /// Returns one round of the line, from 1.
    Step round(int number) {
      return new Step(
          lineNumber,
          actor,
          transaction,
          1,
          operation,
          arguments.stream().map(text -> text.replace("{n}", Integer.toString(number))).toList(),
          expected,
          alternatives);
    }

    /// Returns the line again, for a report.
    @Override
    public String toString() {
      String who = transaction.isEmpty() ? actor : actor + ":" + transaction;
      String often = times == 1 ? "" : times + "x ";
      return who + " " + often + operation + " " + String.join(" ", arguments);
    }
  }

  /// Reads a script.
  ///
  /// @param name for messages
  /// @throws IllegalArgumentException with file, line and what is wrong there
  public static StoreScript parse(String name, String text) {
    List<String> fact = new ArrayList<>();
    SequencedSet<String> profiles = new TreeSet<>();
    List<String> differs = new ArrayList<>();
    List<Step> steps = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      String stripped = line.strip();
      if (stripped.startsWith("# profiles:")) {
        profiles.addAll(List.of(stripped.substring(11).strip().split("[ ,]+")));
      } else if (stripped.startsWith("# differs:")) {
        differs.add(stripped.substring(10).strip());
      } else if (stripped.startsWith("#")) {
        if (steps.isEmpty() && differs.isEmpty()) {
          fact.add(stripped.substring(1).strip());
        }
      } else if (!stripped.isEmpty()) {
        try {
          steps.add(ScriptLine.parse(number, stripped));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(name + ":" + number + ": " + e.getMessage(), e);
        }
      }
    }
    if (steps.isEmpty()) {
      throw new IllegalArgumentException(name + ": a script without a line proves nothing");
    }
    return new StoreScript(
        name, String.join(" ", fact), profiles, List.copyOf(differs), List.copyOf(steps));
  }

  /// Returns whether it holds for servers of the given profile.
  public boolean holdsFor(String profile) {
    return profiles.isEmpty() || profiles.contains(profile);
  }

  /// Returns the domains that act in it, by number.
  public SequencedSet<Integer> domains() {
    SequencedSet<Integer> domains = new TreeSet<>();
    for (Step step : steps) {
      if (step.actor().startsWith("d")) {
        domains.add(domainOf(step.actor()));
      }
    }
    return domains;
  }

  /// Returns the domains that may exist because of it, by number: those that act and those that it
  /// introduces.
  SequencedSet<Integer> domainsMade() {
    SequencedSet<Integer> domains = domains();
    for (Step step : steps) {
      boolean makes = step.operation().equals("INTRODUCE") || step.actor().equals("xen");
      if (makes && step.arguments().getFirst().matches("[1-9][0-9]{0,4}")) {
        domains.add(Integer.parseInt(step.arguments().getFirst()));
      }
    }
    return domains;
  }

  /// Returns the domains that it takes for given, by number: it introduces them, and does not make
  /// or kill them itself.
  SequencedSet<Integer> domainsGiven() {
    SequencedSet<Integer> domains = domainsMade();
    for (Step step : steps) {
      if (step.actor().equals("xen")) {
        domains.remove(Integer.parseInt(step.arguments().getFirst()));
      }
    }
    domains.removeAll(domains());
    return domains;
  }

  static int domainOf(String actor) {
    return Integer.parseInt(actor.replaceAll("[^0-9]", ""));
  }
}
