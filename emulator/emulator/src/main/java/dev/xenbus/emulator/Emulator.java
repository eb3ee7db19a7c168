package dev.xenbus.emulator;

import com.google.inject.Guice;
import com.google.inject.Stage;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.Machine;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Boots dom0s. Made once: it knows the drivers, the commands and the parameters, and keeps no
/// state of any boot, so that one serves any number of machines at once.
public final class Emulator {
  private final Drivers drivers;
  private final Commands commands;
  private final ConfigReader configReader;
  private final Parameters parameters;

  @Inject
  Emulator(Drivers drivers, Commands commands, ConfigReader configReader, Parameters parameters) {
    this.parameters = parameters;
    this.drivers = drivers;
    this.commands = commands;
    this.configReader = configReader;
  }

  /// Returns an emulator with the drivers and commands that are on the module path.
  public static Emulator load() {
    return Guice.createInjector(Stage.PRODUCTION, new EmulatorModule()).getInstance(Emulator.class);
  }

  /// Reads a configuration: the declared defaults, then a file, the environment, the words of a
  /// kernel command line, highest last.
  ///
  /// @param environment of it, `XENEMU_*` counts
  /// @throws BadConfiguration with one line that names the word and its place
  public BootConfig configure(
      Optional<Path> file, Map<String, String> environment, List<String> words)
      throws BadConfiguration {
    return configReader.read(file, environment, words);
  }

  /// Reads a configuration from the words of a kernel command line alone.
  ///
  /// @throws IllegalArgumentException with one line that names the word and its place
  public BootConfig configure(String... words) {
    try {
      return configReader.read(Optional.empty(), new LinkedHashMap<>(), List.of(words));
    } catch (BadConfiguration e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /// Returns every parameter that can be set, a line each: name, default, help.
  public List<String> parameterTable() {
    return parameters.table();
  }

  /// Boots a dom0; call it in a task of the machine.
  ///
  /// @throws IOException if a socket cannot be opened, or dom0 cannot be made
  public Dom0 boot(Machine machine, BootOptions options) throws IOException {
    return new Dom0Boot(machine, options, drivers, commands).boot();
  }

  /// Returns the commands of dom0's console, by name.
  public Map<String, UserCommand> commands() {
    return commands.of(UserCommand.Place.DOM0);
  }
}
