package dev.xenbus.xenstore.conformance;

import java.util.ArrayList;
import java.util.List;
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
///
/// | expected | means |
/// |---|---|
/// | `OK` | the reply is `OK` |
/// | `ENOENT` ... | an error of that name |
/// | `"text"` | these bytes; `\0`, `\n`, `\xHH`, `\"`, `\\` inside |
/// | `[a b]` | these strings, each with its NUL |
/// | `*` | any reply that is no error |
/// | `/expr/` | a reply that the regular expression matches, NULs as line ends |
///
/// `EVENT path token` expects the next watch event of a connection, `EVENT_BEFORE` one that came
/// before the connection's last reply, `EVENT_AFTER` one that came behind it; `NONE` that no event
/// waits; `CLOSED` that the server hung up; `RECONNECT` opens the connection anew. `RAW type
/// payload` sends any payload, `BYTES "..."` any bytes at all.
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
  /// @param operation what
  /// @param arguments of the operation
  /// @param expected what comes back; null of operations that have nothing to expect
  public record Step(
      int lineNumber,
      String actor,
      String transaction,
      String operation,
      List<String> arguments,
      Expected expected) {
    /// Returns the line again, for a report.
    @Override
    public String toString() {
      String who = transaction.isEmpty() ? actor : actor + ":" + transaction;
      return who + " " + operation + " " + String.join(" ", arguments);
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

  static int domainOf(String actor) {
    return Integer.parseInt(actor.replaceAll("[^0-9]", ""));
  }
}
