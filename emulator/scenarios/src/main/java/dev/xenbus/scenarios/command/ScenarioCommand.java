package dev.xenbus.scenarios.command;

import dev.xenbus.emulator.Dom0;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.scenarios.ConsoleScenario;
import dev.xenbus.scenarios.Scenario;
import dev.xenbus.scenarios.ScenarioLibrary;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// `scenario [NAME]` at dom0's console: lists the scenarios, or plays one on this very dom0.
public final class ScenarioCommand implements UserCommand {
  /// For the service loader.
  public ScenarioCommand() {}

  @Override
  public String name() {
    return "scenario";
  }

  @Override
  public String summary() {
    return "list the scenarios, or play one here";
  }

  @Override
  public String usage() {
    return "usage: scenario [NAME]\n";
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.DOM0);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    if (arguments.isEmpty()) {
      for (Scenario scenario : ScenarioLibrary.all()) {
        context.out().println("%-26s %s".formatted(scenario.name(), scenario.title()));
      }
      return 0;
    }
    Optional<Scenario> scenario = ScenarioLibrary.named(arguments.getFirst());
    Optional<Dom0> dom0 = context.service(Dom0.class);
    if (arguments.size() > 1 || scenario.isEmpty() || dom0.isEmpty()) {
      context.err().println("scenario: no scenario " + String.join(" ", arguments));
      context.err().print(usage());
      return 2;
    }
    return ConsoleScenario.play(dom0.get(), scenario.get(), context.out(), context.err());
  }
}
