package dev.xenbus.api;

import dev.xenbus.abi.Domid;

/// Where a backend device lives: `backend/<type>/<frontend domid>/<devid>`.
///
/// @param type device type, such as `vif`
/// @param frontendDomid domain at the other end
/// @param devid number within that domain and type
public record BusId(String type, Domid frontendDomid, String devid) {
  /// As the kernel prints it: `vif-7-0`. Mirrors `backend_bus_id`
  /// (`drivers/xen/xenbus/xenbus_probe_backend.c`).
  @Override
  public String toString() {
    return type + "-" + frontendDomid + "-" + devid;
  }
}
