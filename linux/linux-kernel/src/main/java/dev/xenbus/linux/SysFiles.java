package dev.xenbus.linux;

import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.KernelFiles.KernelFile;
import dev.xenbus.linux.api.NetDevice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;

/// `/sys/class/net`, `/sys/block` and `/dev`: folders that follow the kernel's devices.
final class SysFiles {
  private static final List<String> CHARACTER_DEVICES = List.of("console", "hvc0", "null", "zero");

  private SysFiles() {}

  static void addTo(LinuxKernel kernel, FileTree files) {
    files.addFolder(
        "/sys/class/net",
        new DeviceFolder<NetDevice>(
            () -> kernel.net().devices(),
            NetDevice::name,
            name -> kernel.net().device(name),
            ofNetDevice()));
    files.addFolder(
        "/sys/block",
        new DeviceFolder<Disk>(
            () -> kernel.block().disks(), Disk::name, name -> kernel.block().disk(name), ofDisk()));
    files.addFolder("/dev", new DevFolder(kernel));
  }

  private static SequencedMap<String, Function<NetDevice, String>> ofNetDevice() {
    SequencedMap<String, Function<NetDevice, String>> files = new LinkedHashMap<>();
    files.put("address", device -> device.mac().toString());
    files.put("carrier", device -> device.carrier() ? "1" : "0");
    files.put("mtu", device -> Integer.toString(device.mtu()));
    files.put("operstate", device -> device.isUp() && device.carrier() ? "up" : "down");
    files.put("statistics/rx_bytes", device -> device.statistics().rxBytes().toString());
    files.put("statistics/rx_dropped", device -> device.statistics().rxDropped().toString());
    files.put("statistics/rx_errors", device -> device.statistics().rxErrors().toString());
    files.put("statistics/rx_packets", device -> device.statistics().rxPackets().toString());
    files.put("statistics/tx_bytes", device -> device.statistics().txBytes().toString());
    files.put("statistics/tx_dropped", device -> device.statistics().txDropped().toString());
    files.put("statistics/tx_packets", device -> device.statistics().txPackets().toString());
    return files;
  }

  private static SequencedMap<String, Function<Disk, String>> ofDisk() {
    SequencedMap<String, Function<Disk, String>> files = new LinkedHashMap<>();
    files.put("dev", disk -> disk.number().major() + ":" + disk.number().minor());
    files.put("ro", disk -> disk.options().readOnly() ? "1" : "0");
    files.put("size", disk -> Long.toString(disk.sectors()));
    return files;
  }

  /// A folder with a folder for each device.
  ///
  /// @param all the devices
  /// @param name a device's name
  /// @param find the device of a name
  /// @param files the files of each, by their path, and their one line
  private record DeviceFolder<T>(
      java.util.function.Supplier<List<T>> all,
      Function<T, String> name,
      Function<String, Optional<T>> find,
      SequencedMap<String, Function<T, String>> files)
      implements FileTree.DynamicFolder {
    @Override
    public List<String> names() {
      return all.get().stream().map(device -> name.apply(device) + "/").toList();
    }

    @Override
    public Optional<List<String>> names(String folder) {
      int slash = folder.indexOf('/');
      String device = slash < 0 ? folder : folder.substring(0, slash);
      String inside = slash < 0 ? "" : folder.substring(slash + 1) + "/";
      if (find.apply(device).isEmpty()) {
        return Optional.empty();
      }
      List<String> names =
          files.keySet().stream()
              .filter(path -> path.startsWith(inside))
              .map(path -> firstStep(path.substring(inside.length())))
              .distinct()
              .toList();
      return names.isEmpty() ? Optional.empty() : Optional.of(names);
    }

    private static String firstStep(String path) {
      int slash = path.indexOf('/');
      return slash < 0 ? path : path.substring(0, slash + 1);
    }

    @Override
    public Optional<KernelFile> file(String path) {
      int slash = path.indexOf('/');
      Function<T, String> line = slash < 0 ? null : files.get(path.substring(slash + 1));
      if (line == null) {
        return Optional.empty();
      }
      return find.apply(path.substring(0, slash)).map(device -> () -> line.apply(device) + "\n");
    }
  }

  /// `/dev`, whose files are there to be named: their content is for programs that know them.
  ///
  /// @param kernel whose devices
  private record DevFolder(LinuxKernel kernel) implements FileTree.DynamicFolder {
    @Override
    public List<String> names() {
      List<String> names = new java.util.ArrayList<>(CHARACTER_DEVICES);
      kernel.block().disks().forEach(disk -> names.add(disk.name()));
      return names;
    }

    @Override
    public Optional<List<String>> names(String folder) {
      return Optional.empty();
    }

    @Override
    public Optional<KernelFile> file(String path) {
      return Optional.empty();
    }
  }
}
