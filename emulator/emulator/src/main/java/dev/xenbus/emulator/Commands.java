package dev.xenbus.emulator;

import dev.xenbus.linux.api.UserCommand;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.ServiceLoader;
import java.util.TreeMap;

/// The commands on the module path, by place and name.
final class Commands {
  private final SequencedMap<UserCommand.Place, SequencedMap<String, UserCommand>> byPlace =
      new LinkedHashMap<>();

  private Commands(Iterable<UserCommand> commands) {
    for (UserCommand.Place place : UserCommand.Place.values()) {
      byPlace.put(place, new TreeMap<>());
    }
    for (UserCommand command : commands) {
      for (UserCommand.Place place : command.places()) {
        UserCommand twin = of(place).put(command.name(), command);
        if (twin != null) {
          throw new IllegalStateException(
              "command "
                  + command.name()
                  + " is in module "
                  + twin.getClass().getModule().getName()
                  + " and in module "
                  + command.getClass().getModule().getName());
        }
      }
    }
    of(UserCommand.Place.GUEST).forEach(of(UserCommand.Place.DRIVER_DOMAIN)::putIfAbsent);
  }

  /// Looks for commands.
  ///
  /// @throws IllegalStateException if two of one place have the same name
  static Commands load() {
    return new Commands(ServiceLoader.load(UserCommand.class));
  }

  /// Returns the commands of a place, by name.
  SequencedMap<String, UserCommand> of(UserCommand.Place place) {
    return Optional.ofNullable(byPlace.get(place)).orElseThrow();
  }
}
