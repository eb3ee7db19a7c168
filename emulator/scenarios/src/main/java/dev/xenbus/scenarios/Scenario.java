package dev.xenbus.scenarios;

import dev.xenbus.linux.api.KnownBug;
import java.util.List;
import java.util.Optional;

/// Something that happens in the field, as a program: what an administrator types, what else goes
/// on, and what must hold.
///
/// @param name what it is called on the command line
/// @param title one line: what happens and what must hold
/// @param dispatchers the designs it holds with
/// @param finds a fault of real kernels that it finds where it is put back
/// @param body its steps
public record Scenario(
    String name, String title, List<Dispatcher> dispatchers, Optional<KnownBug> finds, Body body) {
  /// The steps.
  public interface Body {
    /// Plays them, in a task of the machine, on a dom0 that has just booted.
    void play(Script script);
  }

  static Scenario of(String name, String title, Body body) {
    return new Scenario(name, title, List.of(Dispatcher.values()), Optional.empty(), body);
  }

  /// Returns this scenario, which holds with the given designs alone.
  Scenario with(Dispatcher... only) {
    return new Scenario(name, title, List.of(only), finds, body);
  }

  /// Returns this scenario, which finds the given fault.
  Scenario finding(KnownBug bug) {
    return new Scenario(name, title, dispatchers, Optional.of(bug), body);
  }
}
