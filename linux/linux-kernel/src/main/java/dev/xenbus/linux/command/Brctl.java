package dev.xenbus.linux.command;

import dev.xenbus.linux.api.Bridge;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.NetCore;
import dev.xenbus.linux.api.NetDevice;
import java.util.List;
import java.util.Optional;

/// `brctl`: bridges and their ports.
public final class Brctl extends KernelCommand {
  /// For the service loader.
  public Brctl() {
    super(
        "brctl",
        "shows and changes bridges",
        """
        brctl show [BRIDGE...]
               brctl addif BRIDGE DEVICE
               brctl delif BRIDGE DEVICE
        """,
        1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    if (arguments.isEmpty()) {
      throw new UsageException("a command is wanted");
    }
    List<String> rest = arguments.subList(1, arguments.size());
    return switch (arguments.getFirst()) {
      case "show" -> show(context, rest);
      case "addif" -> change(context, rest, true);
      case "delif" -> change(context, rest, false);
      default -> throw new UsageException("never heard of command [" + arguments.getFirst() + "]");
    };
  }

  private static int show(Context context, List<String> names) {
    context.out().println("bridge name\tbridge id\t\tSTP enabled\tinterfaces");
    int exit = 0;
    NetCore net = context.kernel().net();
    for (String name : names) {
      if (net.bridge(name).isEmpty()) {
        context.err().println("bridge " + name + " does not exist!");
        exit = 1;
      }
    }
    for (Bridge bridge : net.bridges()) {
      if (names.isEmpty() || names.contains(bridge.name())) {
        show(context, bridge);
      }
    }
    return exit;
  }

  private static void show(Context context, Bridge bridge) {
    String id =
        context
            .kernel()
            .net()
            .device(bridge.name())
            .map(device -> device.mac().toString().replace(":", ""))
            .orElse("000000000000");
    String line = bridge.name() + "\t\t8000." + id + "\tno\t\t";
    for (NetDevice port : bridge.ports()) {
      context.out().println(line + port.name());
      line = "\t\t\t\t\t\t\t";
    }
    if (bridge.ports().isEmpty()) {
      context.out().println(line);
    }
  }

  private static int change(Context context, List<String> names, boolean adds)
      throws UsageException {
    if (names.size() != 2) {
      throw new UsageException("Incorrect number of arguments for command");
    }
    NetCore net = context.kernel().net();
    Optional<Bridge> bridge = net.bridge(names.getFirst());
    if (bridge.isEmpty()) {
      context.err().println("bridge " + names.getFirst() + " does not exist!");
      return 1;
    }
    Optional<NetDevice> device = net.device(names.getLast());
    if (device.isEmpty()) {
      context.err().println("interface " + names.getLast() + " does not exist!");
      return 1;
    }
    if (!adds) {
      bridge.get().removePort(device.get());
      return 0;
    }
    try {
      bridge.get().addPort(device.get());
      return 0;
    } catch (KernelException e) {
      context
          .err()
          .println(
              "can't add "
                  + names.getLast()
                  + " to bridge "
                  + names.getFirst()
                  + ": "
                  + e.errno().text());
      return 1;
    }
  }
}
