package dev.xenbus.linux.command;

import dev.xenbus.linux.api.Bridge;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.NetCore;
import dev.xenbus.linux.api.NetCore.InterfaceAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetStatistics;
import dev.xenbus.linux.api.TextOutput;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `ip link` and `ip addr`: network devices, as iproute2 prints them.
public final class Ip extends KernelCommand {
  private static final int NO_DEVICE = 1;
  private static final int REFUSED = 2;

  /// For the service loader.
  public Ip() {
    super(
        "ip",
        "shows and changes network devices",
        """
        ip [-s] link [show [DEVICE]]
               ip addr [show [DEVICE]]
               ip link set DEVICE up|down
               ip addr add ADDRESS/BITS dev DEVICE
          -s  with counters
        """,
        255);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    List<String> words = new ArrayList<>(arguments);
    boolean hasCounters = words.remove("-s");
    words.removeIf(word -> word.equals("dev") || word.equals("-4"));
    if (words.isEmpty()) {
      throw new UsageException("an object is wanted: link or addr");
    }
    String verb = words.size() > 1 ? words.get(1) : "show";
    List<String> rest = words.subList(Math.min(2, words.size()), words.size());
    boolean isLink = "link".startsWith(words.getFirst());
    if (!isLink && !"address".startsWith(words.getFirst()) && !words.getFirst().equals("addr")) {
      throw new UsageException("Object \"" + words.getFirst() + "\" is unknown");
    }
    return switch (verb) {
      case "show", "list", "ls" -> show(context, rest, isLink, hasCounters);
      case "set" -> set(context, rest);
      case "add" -> add(context, rest);
      default -> throw new UsageException("Command \"" + verb + "\" is unknown");
    };
  }

  private static int show(
      Context context, List<String> names, boolean isLink, boolean hasCounters) {
    NetCore net = context.kernel().net();
    int number = 0;
    int shown = 0;
    for (NetDevice device : net.devices()) {
      number++;
      if (names.isEmpty() || names.contains(device.name())) {
        shown++;
        link(context.out(), net, device, number);
        if (!isLink) {
          addresses(context.out(), net, device);
        }
        if (hasCounters) {
          counters(context.out(), device.statistics());
        }
      }
    }
    if (!names.isEmpty() && shown == 0) {
      context.err().println("Device \"" + names.getFirst() + "\" does not exist.");
      return NO_DEVICE;
    }
    return 0;
  }

  private static void link(TextOutput out, NetCore net, NetDevice device, int number) {
    boolean isRunning = device.isUp() && device.carrier();
    String flags =
        "BROADCAST,MULTICAST" + (device.isUp() ? ",UP" : "") + (isRunning ? ",LOWER_UP" : "");
    String master =
        net.bridges().stream()
            .filter(bridge -> bridge.ports().contains(device))
            .findFirst()
            .map(Bridge::name)
            .map(name -> " master " + name)
            .orElse("");
    out.printf(
        "%d: %s: <%s%s> mtu %d qdisc noqueue%s state %s group default qlen 1000\n",
        number,
        device.name(),
        device.isUp() && !device.carrier() ? "NO-CARRIER," : "",
        flags,
        device.mtu(),
        master,
        isRunning ? "UP" : "DOWN");
    out.println("    link/ether " + device.mac() + " brd ff:ff:ff:ff:ff:ff");
  }

  private static void addresses(TextOutput out, NetCore net, NetDevice device) {
    for (InterfaceAddress address : net.addresses()) {
      if (address.device().equals(device.name())) {
        int mask = Ipv4Address.mask(address.prefixBits());
        out.printf(
            "    inet %s/%d brd %s scope global %s\n",
            address.address(),
            address.prefixBits(),
            new Ipv4Address(address.address().bits() | ~mask),
            device.name());
      }
    }
  }

  private static void counters(TextOutput out, NetStatistics count) {
    out.println("    RX:  bytes packets errors dropped");
    out.printf(
        "    %10d %7d %6d %7d\n",
        count.rxBytes().get(),
        count.rxPackets().get(),
        count.rxErrors().get(),
        count.rxDropped().get());
    out.println("    TX:  bytes packets errors dropped");
    out.printf(
        "    %10d %7d %6d %7d\n",
        count.txBytes().get(), count.txPackets().get(), 0, count.txDropped().get());
  }

  private static int set(Context context, List<String> words) throws UsageException {
    boolean isGood = words.size() == 2 && words.getLast().matches("up|down");
    if (!isGood) {
      throw new UsageException("ip link set DEVICE up|down");
    }
    Optional<NetDevice> device = context.kernel().net().device(words.getFirst());
    if (device.isEmpty()) {
      context.err().println("Cannot find device \"" + words.getFirst() + "\"");
      return NO_DEVICE;
    }
    if (words.getLast().equals("up")) {
      device.get().up();
    } else {
      device.get().down();
    }
    return 0;
  }

  private static int add(Context context, List<String> words) throws UsageException {
    if (words.size() != 2 || !words.getFirst().matches("[0-9.]+/\\d{1,2}")) {
      throw new UsageException("ip addr add ADDRESS/BITS dev DEVICE");
    }
    int slash = words.getFirst().indexOf('/');
    String address = words.getFirst().substring(0, slash);
    int bits = Integer.parseInt(words.getFirst().substring(slash + 1));
    try {
      context.kernel().net().addAddress(words.getLast(), address, bits);
      return 0;
    } catch (KernelException e) {
      context.err().println("RTNETLINK answers: " + e.errno().text());
      return REFUSED;
    }
  }
}
