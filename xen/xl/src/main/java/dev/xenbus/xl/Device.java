package dev.xenbus.xl;

import dev.xenbus.abi.Domid;

/// A split device: who has it and who serves it (`libxl__device`).
///
/// @param kind its kind, as the store's folder is called: not only the kinds that we make
/// @param devid its number
/// @param domid the guest
/// @param backendDomid the domain that serves it
record Device(String kind, long devid, Domid domid, Domid backendDomid) {
  static Device of(DeviceKind kind, long devid, Domid domid, Domid backendDomid) {
    return new Device(kind.toString(), devid, domid, backendDomid);
  }

  boolean is(DeviceKind other) {
    return kind.equals(other.toString());
  }

  /// Returns `/local/domain/N/device/vbd/51712`; of the first console, `/local/domain/N/console`.
  String frontendPath() {
    if (is(DeviceKind.CONSOLE) && devid == 0) {
      return "/local/domain/" + domid + "/console";
    }
    return "/local/domain/" + domid + "/device/" + kind + "/" + devid;
  }

  /// Returns `/local/domain/0/backend/vbd/N/51712`.
  String backendPath() {
    return "/local/domain/" + backendDomid + "/" + relativeBackendPath();
  }

  /// Returns `backend/vbd/N/51712`, as scripts get it.
  String relativeBackendPath() {
    return "backend/" + kind + "/" + domid + "/" + devid;
  }

  /// Returns `/libxl/N/device/vbd/51712`.
  String libxlPath() {
    return "/libxl/" + domid + "/device/" + kind + "/" + devid;
  }
}
