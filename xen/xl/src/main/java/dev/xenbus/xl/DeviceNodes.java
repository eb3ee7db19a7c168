package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.xenstore.Permissions;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The nodes of a device that is to be made, both ends, and the transaction that makes them
/// (`libxl__device_generic_add`): the buses never see half a device.
final class DeviceNodes {
  private record Front(String value, Permissions permissions) {}

  private final Device device;
  private final Map<String, Front> frontend = new LinkedHashMap<>();
  private final Map<String, String> backend = new LinkedHashMap<>();

  DeviceNodes(Device device) {
    this.device = device;
  }

  /// Permissions of what the guest owns and the backend may read.
  static Permissions frontendOwned(Device device) {
    return Permissions.of("n" + device.domid(), "r" + device.backendDomid());
  }

  /// Permissions of what dom0 owns and the guest may read.
  static Permissions readOnly(Domid domid) {
    return Permissions.of("n0", "r" + domid);
  }

  /// Adds a node of the frontend that the guest may change.
  DeviceNodes front(String name, Object value) {
    frontend.put(name, new Front(value.toString(), frontendOwned(device)));
    return this;
  }

  /// Adds a node of the frontend that the guest may only read.
  DeviceNodes frontReadOnly(String name, Object value) {
    frontend.put(name, new Front(value.toString(), readOnly(device.domid())));
    return this;
  }

  /// Adds a node of the backend.
  DeviceNodes back(String name, Object value) {
    backend.put(name, value.toString());
    return this;
  }

  /// Adds a node of the backend if there is a value.
  DeviceNodes backIfGiven(String name, String value) {
    return value.isEmpty() ? this : back(name, value);
  }

  /// Writes them all. The console's folder belongs to dom0, any other frontend's to the guest.
  void write(Xs.Nodes tx) throws IOException {
    writeLibxlHead(tx);
    writeFrontend(tx);
    writeBackend(tx);
    for (Map.Entry<String, String> node : backend.entrySet()) {
      tx.write(device.libxlPath() + "/" + node.getKey(), node.getValue());
    }
  }

  private void writeLibxlHead(Xs.Nodes tx) throws IOException {
    String path = device.libxlPath();
    tx.remove(path);
    tx.write(path + "/frontend", device.frontendPath());
    tx.write(path + "/backend", device.backendPath());
  }

  private void writeFrontend(Xs.Nodes tx) throws IOException {
    String path = device.frontendPath();
    boolean console = device.is(DeviceKind.CONSOLE);
    tx.remove(path);
    tx.mkdir(path, console ? readOnly(device.domid()) : frontendOwned(device));
    tx.write(path + "/backend", device.backendPath());
    for (Map.Entry<String, Front> node : frontend.entrySet()) {
      tx.write(path + "/" + node.getKey(), node.getValue().value(), node.getValue().permissions());
    }
  }

  private void writeBackend(Xs.Nodes tx) throws IOException {
    String path = device.backendPath();
    tx.remove(path);
    tx.mkdir(path, Permissions.of("n" + device.backendDomid(), "r" + device.domid()));
    tx.write(path + "/frontend", device.frontendPath());
    for (Map.Entry<String, String> node : backend.entrySet()) {
      tx.write(path + "/" + node.getKey(), node.getValue());
    }
  }

  /// Returns a node of the backend, as it will be written.
  Optional<String> backValue(String name) {
    return Optional.ofNullable(backend.get(name));
  }
}
