package dev.xenbus.xl;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.machine.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// What dom0's hotplug scripts share (`tools/hotplug/Linux/xen-hotplug-common.sh`): they run in a
/// process of their own, with a connection to the store of their own, and leave `hotplug-status`.
abstract sealed class HotplugScript permits BlockScript, VifBridgeScript {
  /// What the shell says of a program that it cannot find.
  private static final int NOT_FOUND = 127;

  /// What a shell says of a program that a signal ended.
  private static final int KILLED = 143;

  /// Ends a script: it has written why into the store, or prints it.
  static final class Fatal extends Exception {
    private static final long serialVersionUID = 1L;

    Fatal(String message) {
      super(message);
    }
  }

  /// What a script runs with.
  ///
  /// @param kernel dom0's
  /// @param xs its connection
  /// @param path the backend's folder, relative
  /// @param variables its environment
  /// @param files resolves a file name against its folder
  record Environment(
      Kernel kernel,
      Xs.Nodes xs,
      String path,
      Map<String, String> variables,
      Function<String, Path> files) {
    /// Reads a node of the backend.
    Optional<String> read(String name) throws IOException {
      return xs.read(path + "/" + name);
    }

    /// Writes a node of the backend.
    void write(String name, String value) throws IOException {
      xs.write(path + "/" + name, value);
    }
  }

  final Environment env;

  HotplugScript(Environment env) {
    this.env = env;
  }

  /// Does what the first argument says.
  ///
  /// @throws Fatal what went wrong, for `hotplug-error`
  abstract void run(String command) throws IOException, Fatal;

  /// Runs a script; in its process.
  ///
  /// @return its exit code
  static int run(
      LibxlContext ctx,
      String script,
      List<String> arguments,
      Map<String, String> variables,
      TextOutput output) {
    try (StoreConnection store = ctx.connector().connect()) {
      Environment env =
          new Environment(
              ctx.kernel(),
              new Xs.Nodes(store.nodes()),
              variables.getOrDefault("XENBUS_PATH", ""),
              variables,
              ctx.files());
      HotplugScript program;
      String name = script.substring(script.lastIndexOf('/') + 1);
      ctx.kernel().stallPoint("script", name);
      if (Task.current().signalPending()) {
        return KILLED;
      }
      switch (name) {
        case "block" -> program = new BlockScript(env);
        case "vif-bridge" -> program = new VifBridgeScript(env);
        default -> {
          output.println("libxl: cannot execute " + script + ": No such file or directory");
          return NOT_FOUND;
        }
      }
      return program.execute(arguments.getFirst());
    } catch (IOException e) {
      output.println(script + ": " + e.getMessage());
      return 1;
    }
  }

  private int execute(String command) throws IOException {
    try {
      run(command);
      return 0;
    } catch (Fatal e) {
      env.write("hotplug-error", String.valueOf(e.getMessage()));
      env.write("hotplug-status", "error");
      return 1;
    }
  }

  /// Tells the backend that it may go on.
  final void success() throws IOException {
    env.write("hotplug-status", "connected");
  }
}
