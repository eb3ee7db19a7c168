package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;

/// `xenstore-control`: a command to the daemon.
public final class XenstoreControl extends StoreCommand {
  private static final int EXIT_UNKNOWN = 3;

  /// Makes the command.
  public XenstoreControl() {
    super("xenstore-control", "Send a command to the store daemon", "", "command [arg...]");
  }

  @Override
  boolean takes(int words) {
    return words >= 1;
  }

  @Override
  int run(Run run) throws IOException {
    String[] words = run.arguments().rest().toArray(String[]::new);
    try {
      run.out().println(run.client().control(words));
      return 0;
    } catch (XenstoreException e) {
      if (e.errno() != Errno.EINVAL) {
        throw e;
      }
    }
    run.err().println("Command not supported. Valid commands are:");
    run.err().println(run.client().control("help"));
    return EXIT_UNKNOWN;
  }
}
