package dev.xenbus.xl;

import java.util.Optional;

/// One network interface of a guest (`libxl_device_nic`). Empty texts stand for "not given".
///
/// @param devid its number, or -1 for the next free one
/// @param mac its address, empty for a random one
/// @param bridge the bridge, empty for `xenbr0`
/// @param script hotplug script, below `/etc/xen/scripts` or absolute; empty for `vif-bridge`
/// @param ip for the script
/// @param vifname name of the device in the backend's domain
/// @param backend name or id of the domain that serves it; empty for dom0
/// @param gatewayDevice for the script
/// @param rate most bytes an interval
/// @param mtu largest payload, in bytes
/// @param trusted whether the frontend may trust the backend
public record NicConfig(
    int devid,
    String mac,
    String bridge,
    String script,
    String ip,
    String vifname,
    String backend,
    String gatewayDevice,
    Optional<Rate> rate,
    int mtu,
    boolean trusted) {
  /// Largest payload of an interface that does not say otherwise.
  public static final int MTU_DEFAULT = 1500;

  /// A limit of traffic.
  ///
  /// @param bytesPerInterval how many bytes
  /// @param intervalMicros in how many microseconds
  public record Rate(long bytesPerInterval, long intervalMicros) {
    /// Returns the form of the node `rate`.
    @Override
    public String toString() {
      return bytesPerInterval + "," + intervalMicros;
    }
  }

  /// Returns an interface with all defaults.
  public static NicConfig ofDefaults() {
    return new NicConfig(-1, "", "", "", "", "", "", "", Optional.empty(), MTU_DEFAULT, true);
  }

  /// Returns the same with the number and the address that it got.
  NicConfig settled(int newDevid, String newMac) {
    return new NicConfig(
        newDevid,
        newMac,
        bridge.isEmpty() ? "xenbr0" : bridge,
        script,
        ip,
        vifname,
        backend,
        gatewayDevice,
        rate,
        mtu,
        trusted);
  }
}
