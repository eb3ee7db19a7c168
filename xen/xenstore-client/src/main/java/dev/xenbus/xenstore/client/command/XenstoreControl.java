package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;

/// `xenstore-control`: a command to the daemon.
public final class XenstoreControl extends StoreCommand {
  private static final int EXIT_USAGE = 2;
  private static final int EXIT_REFUSED = 3;

  /// Makes the command.
  public XenstoreControl() {
    super("xenstore-control", "Send a command to the store daemon", "", "<command> [<arg>...]");
  }

  @Override
  boolean takes(int words) {
    return true;
  }

  @Override
  int run(Run run) throws IOException {
    String[] words = run.arguments().rest().toArray(String[]::new);
    if (words.length == 0) {
      run.err().print("Usage:\n" + name() + " <command> [<arg>...]\n");
      return EXIT_USAGE;
    }
    try {
      run.out().println(run.client().control(words));
      return 0;
    } catch (XenstoreException e) {
      if (e.errno() != Errno.EINVAL) {
        run.err().println("Error " + e.errno().number() + " when trying to execute command.");
        return EXIT_REFUSED;
      }
    }
    run.err().println("Command not supported. Valid commands are:");
    run.err().println(run.client().control("help"));
    return EXIT_REFUSED;
  }
}
