package dev.xenbus.probe;

import dev.xenbus.linux.api.EventStatistics;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// A device's folder in sysfs: `/sys/bus/<bus>/devices/<name>`.
///
/// Threads: the binding's, under `device_lock`, for what comes and goes with the driver.
final class DeviceFiles {
  private final BusDevice device;
  private final String folder;
  private final List<String> driverFiles = new ArrayList<>();

  DeviceFiles(BusDevice device) {
    this.device = device;
    folder = "/sys/bus/" + device.bus().type().busName() + "/devices/" + device.busId() + "/";
  }

  private KernelFiles kernelFiles() {
    return device.kernel().files();
  }

  /// Adds what every device has.
  void add() {
    addText("nodename", device::nodePath);
    addText("devtype", device::deviceType);
    addText("modalias", this::modalias);
    addText("state", () -> device.state().toString());
    kernelFiles().add(folder + "uevent", this::uevent);
  }

  /// Removes the folder.
  void remove() {
    kernelFiles().remove(folder.substring(0, folder.length() - 1));
  }

  private String modalias() {
    return device.bus().type().busName() + ":" + device.deviceType();
  }

  private String uevent() {
    StringBuilder text = new StringBuilder();
    if (device.binding().isBound()) {
      text.append("DRIVER=").append(device.deviceType()).append('\n');
    }
    text.append("MODALIAS=").append(modalias()).append('\n');
    if (device.bus().type().isBackend()) {
      text.append("XENBUS_TYPE=").append(device.deviceType()).append('\n');
      text.append("XENBUS_PATH=").append(device.nodePath()).append('\n');
      text.append("XENBUS_BASE_PATH=").append(device.bus().type().root()).append('\n');
    }
    device.binding().ueventVariables().forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }

  private void addText(String name, Supplier<String> text) {
    kernelFiles().add(folder + name, () -> text.get() + "\n");
  }

  /// Adds the group `xenbus`, which a bound device has.
  void addGroup() {
    EventStatistics counts = device.eventStatistics();
    addText("xenbus/event_channels", () -> Integer.toString(counts.eventChannels()));
    addText("xenbus/events", () -> Long.toString(counts.events()));
    addText("xenbus/spurious_events", () -> Long.toString(counts.spuriousEvents()));
    addText("xenbus/jiffies_eoi_delayed", () -> Long.toString(counts.jiffiesEoiDelayed()));
    kernelFiles().add(folder + "xenbus/spurious_threshold", new SpuriousThreshold(counts));
  }

  /// Removes the group.
  void removeGroup() {
    kernelFiles().remove(folder + "xenbus");
  }

  /// Adds a file of the driver.
  void addDriverFile(String name, KernelFiles.KernelFile file) {
    kernelFiles().add(folder + name, file);
    driverFiles.add(folder + name);
  }

  /// Removes the files of the driver.
  void removeDriverFiles() {
    driverFiles.forEach(kernelFiles()::remove);
    driverFiles.clear();
  }

  /// The one that can be written.
  ///
  /// @param counts where the value is
  private record SpuriousThreshold(EventStatistics counts) implements KernelFiles.KernelFile {
    @Override
    public String read() {
      return counts.spuriousThreshold() + "\n";
    }

    @Override
    public void write(String text) throws KernelException {
      counts.spuriousThreshold(KernelNumber.unsignedInt(text));
    }
  }
}
