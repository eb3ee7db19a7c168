package dev.xenbus.linux.api;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A command that is typed at a console, dom0's or a guest's; found by
/// [java.util.ServiceLoader]. Providers are stateless and have a public constructor without
/// arguments.
public interface UserCommand {
  /// Whose console knows it.
  enum Place {
    /// Dom0's.
    DOM0,
    /// A guest's.
    GUEST,
    /// A driver domain's, which knows those of a guest too.
    DRIVER_DOMAIN
  }

  /// Returns its name, such as `ps`.
  String name();

  /// Returns one line of help.
  String summary();

  /// Returns the usage, several lines, the first of them `usage: ...`.
  String usage();

  /// Returns whose console knows it.
  Set<Place> places();

  /// Runs in a process of its own.
  ///
  /// @param arguments without the name
  /// @return the exit code
  int run(Context context, List<String> arguments);

  /// What the emulator offers to the commands of one console.
  @FunctionalInterface
  interface Services {
    /// Offers nothing.
    Services NONE =
        new Services() {
          @Override
          public <T> Optional<T> find(Class<T> type) {
            return Optional.empty();
          }
        };

    /// Returns the service of the given type.
    <T> Optional<T> find(Class<T> type);
  }

  /// What a command may use.
  interface Context {
    /// Returns the kernel that it runs on.
    Kernel kernel();

    /// Returns standard output.
    TextOutput out();

    /// Returns standard error.
    TextOutput err();

    /// Returns something that the emulator offers to commands, such as a way to the store.
    <T> Optional<T> service(Class<T> type);

    /// Resolves a file name against the folder that the console was started in.
    java.nio.file.Path file(String name);
  }
}
