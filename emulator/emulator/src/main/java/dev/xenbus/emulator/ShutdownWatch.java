package dev.xenbus.emulator;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.KernelSymbol;
import java.util.List;

/// Does what the toolstack writes to `control/shutdown`. Mirrors `shutdown_handler`
/// (`drivers/xen/manage.c`).
final class ShutdownWatch {
  private static final String NODE = "control/shutdown";
  private static final List<String> FEATURES = List.of("poweroff", "reboot", "suspend");

  private final Kernel kernel;
  private final Xenbus xenbus;
  private final Runnable suspend;

  /// @param suspend suspends the kernel, and returns once it goes on or cannot be suspended
  ShutdownWatch(Kernel kernel, Xenbus xenbus, Runnable suspend) {
    this.kernel = kernel;
    this.xenbus = xenbus;
    this.suspend = suspend;
  }

  void start() throws KernelException {
    try {
      xenbus.watch(NODE, path -> handle());
      for (String feature : FEATURES) {
        xenbus.write(XenbusTransaction.NONE, "control", "feature-" + feature, "1");
      }
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), NODE, e);
    }
  }

  @KernelSymbol("shutdown_handler")
  private void handle() {
    String command;
    try {
      command = xenbus.transaction(this::acknowledge);
    } catch (XenstoreException e) {
      if (e.errno() != Errno.ENOENT) {
        kernel.printk().error("xen:manage: reading " + NODE + " failed: " + e.getMessage());
      }
      return;
    }
    switch (command) {
      case "" -> {}
      case "poweroff", "halt" -> kernel.power(ShutdownReason.POWEROFF);
      case "reboot" -> kernel.power(ShutdownReason.REBOOT);
      case "suspend" -> suspend.run();
      default -> kernel.printk().info("xen:manage: Ignoring shutdown request: " + command);
    }
  }

  /// Reads the command and, if it is one that will be done, clears it, so that the toolstack knows.
  private String acknowledge(XenbusTransaction tx) throws XenstoreException {
    String command = xenbus.read(tx, "control", "shutdown");
    if (List.of("poweroff", "halt", "reboot", "suspend").contains(command)) {
      xenbus.write(tx, "control", "shutdown", "");
    }
    return command;
  }
}
