package dev.xenbus.xl;

import dev.xenbus.linux.api.Bridge;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.NetCore;
import dev.xenbus.linux.api.NetDevice;
import java.io.IOException;
import java.util.Optional;

/// Makes a guest's network interface a port of a bridge (`tools/hotplug/Linux/vif-bridge`).
final class VifBridgeScript extends HotplugScript {
  VifBridgeScript(Environment env) {
    super(env);
  }

  @Override
  void run(String command) throws IOException, Fatal {
    NetCore net = env.kernel().net();
    String vif = env.variables().getOrDefault("vif", "");
    String bridgeName = env.read("bridge").orElse("");
    if (bridgeName.isEmpty()) {
      bridgeName =
          net.bridges().stream()
              .findFirst()
              .map(Bridge::name)
              .orElseThrow(() -> new Fatal("Could not find bridge, and none was specified"));
    }
    String wanted = bridgeName;
    Bridge bridge =
        net.bridge(wanted).orElseThrow(() -> new Fatal("Could not find bridge device " + wanted));
    if (command.equals("online")) {
      online(bridge, vif);
    } else {
      net.device(vif).ifPresent(device -> offline(bridge, device));
    }
  }

  private void online(Bridge bridge, String vif) throws IOException, Fatal {
    Optional<NetDevice> found = env.kernel().net().device(vif);
    if (found.isEmpty()) {
      throw new Fatal("Cannot find device \"" + vif + "\"");
    }
    NetDevice device = found.get();
    Optional<String> mtu = env.read("mtu");
    if (mtu.isPresent()) {
      device.mtu(mtuOf(mtu.get()));
    }
    if (!bridge.ports().contains(device)) {
      try {
        bridge.addPort(device);
      } catch (KernelException e) {
        throw new Fatal("brctl addif " + bridge.name() + " " + vif + " failed: " + e.getMessage());
      }
    }
    device.up();
    success();
  }

  private static int mtuOf(String text) throws Fatal {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new Fatal("ip link set mtu " + text + " failed");
    }
  }

  private static void offline(Bridge bridge, NetDevice device) {
    bridge.removePort(device);
    device.down();
  }
}
