package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.xenstore.client.StoreConnector;
import dev.xenbus.xenstore.client.StoreOperations;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// What the `xenstore-*` commands have in common: they are known on every console.
abstract class StoreCommand implements UserCommand {
  /// Exit code of a command that a signal ended: 128 + `SIGINT`.
  private static final int EXIT_INTERRUPTED = 130;

  private final String name;
  private final String summary;
  private final String letters;
  private final String synopsis;

  /// @param letters the options that it takes; who gives another one, or `h`, sees the usage; if
  ///     it takes none, every word is the command's own
  /// @param synopsis what follows the name in the usage
  StoreCommand(String name, String summary, String letters, String synopsis) {
    this.name = name;
    this.summary = summary;
    this.letters = letters;
    this.synopsis = synopsis;
  }

  /// One run of a command.
  ///
  /// @param client the connection
  /// @param arguments its words
  /// @param out standard output
  /// @param err standard error
  record Run(XenstoreClient client, Arguments arguments, TextOutput out, TextOutput err) {}

  /// Does it.
  ///
  /// @return the exit code
  abstract int run(Run run) throws IOException;

  /// Whether that many words can be meant.
  abstract boolean takes(int words);

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final String summary() {
    return summary;
  }

  @Override
  public final String usage() {
    return "usage: " + name + " " + synopsis;
  }

  @Override
  public final Set<Place> places() {
    return EnumSet.allOf(Place.class);
  }

  @Override
  public final int run(Context context, List<String> words) {
    Arguments arguments =
        letters.isEmpty() ? Arguments.plain(name, words) : Arguments.parse(name, words, letters);
    arguments.complaints().forEach(context.err()::println);
    if (arguments.wantsUsage() || !takes(arguments.rest().size())) {
      context.err().println(name + ": Usage: " + name + " " + synopsis);
      return 1;
    }
    try (XenstoreClient client = connect(context)) {
      return run(new Run(client, arguments, context.out(), context.err()));
    } catch (Failure e) {
      context.err().println(name + ": " + e.text());
      return e.code();
    } catch (InterruptedIOException e) {
      return EXIT_INTERRUPTED;
    } catch (XenstoreException e) {
      context.err().println(name + ": " + Failure.reason(e));
      return 1;
    } catch (IOException e) {
      context.err().println(name + ": " + e.getMessage());
      return 1;
    }
  }

  /// Connects as `xs_open` does: to the daemon's socket where there is one, else through the
  /// kernel's device.
  private static XenstoreClient connect(Context context) throws IOException {
    StoreConnector connector =
        context
            .service(StoreConnector.class)
            .orElseGet(() -> StoreConnector.ofDevice(context.kernel()));
    try {
      return new XenstoreClient(connector.connect());
    } catch (KernelException e) {
      throw new Failure("xs_open: " + e.errno().text());
    }
  }

  /// Does something in a transaction, as these commands do unless they ask for one thing only; what
  /// an attempt printed is not shown if there is another one.
  static void inTransaction(Run run, Work work) throws IOException {
    StringBuilder printed = new StringBuilder();
    try {
      run.client()
          .inTransaction(
              tx -> {
                printed.setLength(0);
                work.run(tx, printed);
              });
    } finally {
      run.out().print(printed.toString());
    }
  }

  /// Work that may be done several times.
  interface Work {
    void run(StoreOperations store, StringBuilder out) throws IOException;
  }
}
