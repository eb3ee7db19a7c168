package dev.xenbus.linux;

import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.ParameterValues;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/// The kernel modules that are loaded: `/proc/modules` and `/sys/module`.
public final class ModuleTable {
  /// A loaded module.
  ///
  /// @param order which was loaded first, from 1
  /// @param name such as `xen_netback`
  /// @param users how many devices use it, read when asked
  public record Loaded(int order, String name, IntSupplier users) {}

  /// A module that commands may load and unload.
  private record Loadable(Runnable load, Runnable unload) {}

  private final KernelFiles files;
  private final AtomicInteger lastOrder = new AtomicInteger();
  private final ConcurrentSkipListMap<String, Loaded> modules = new ConcurrentSkipListMap<>();
  private final ConcurrentSkipListMap<String, Loadable> loadables = new ConcurrentSkipListMap<>();

  ModuleTable(KernelFiles files) {
    this.files = files;
    files.add("/proc/modules", this::text);
  }

  /// Notes that a module was loaded; its parameters show in `/sys/module/<name>/parameters`.
  ///
  /// @return false if there is one of that name already
  public boolean add(
      String name, IntSupplier users, List<KernelParameter> declared, ParameterValues values) {
    Loaded loaded = new Loaded(lastOrder.incrementAndGet(), name, users);
    if (modules.putIfAbsent(name, loaded) != null) {
      return false;
    }
    String folder = "/sys/module/" + name;
    files.add(folder + "/refcnt", () -> users.getAsInt() + "\n");
    for (KernelParameter parameter : declared) {
      String value =
          switch (parameter.type()) {
            case FLAG -> values.flag(parameter.name()) ? "Y" : "N";
            case NUMBER -> Long.toString(values.number(parameter.name()));
            case TEXT -> values.text(parameter.name());
          };
      files.add(folder + "/parameters/" + parameter.name(), () -> value + "\n");
    }
    return true;
  }

  /// Notes that a module was unloaded.
  public void remove(String name) {
    if (modules.remove(name) != null) {
      files.remove("/sys/module/" + name);
    }
  }

  /// Makes a module known to `modprobe` and `rmmod`; both are without effect if there is nothing to
  /// do.
  public void loadable(String name, Runnable load, Runnable unload) {
    loadables.putIfAbsent(name, new Loadable(load, unload));
  }

  /// Returns whether a module is loaded.
  public boolean isLoaded(String name) {
    return modules.containsKey(name);
  }

  /// Loads a module (`modprobe`).
  ///
  /// @return false if there is none of that name that could be loaded
  public boolean load(String name) {
    Loadable module = loadables.get(name);
    if (module != null) {
      module.load().run();
    }
    return module != null || isLoaded(name);
  }

  /// Unloads a module (`rmmod`).
  ///
  /// @return false if it cannot be unloaded, as what was there at boot
  public boolean unload(String name) {
    Loadable module = loadables.get(name);
    if (module != null) {
      module.unload().run();
    }
    return module != null;
  }

  /// Returns the loaded modules, the last loaded first, as `lsmod` lists them.
  public List<Loaded> list() {
    return modules.values().stream()
        .sorted((a, b) -> Integer.compare(b.order(), a.order()))
        .toList();
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (Loaded module : list()) {
      text.append(module.name())
          .append(" 16384 ")
          .append(module.users().getAsInt())
          .append(" - Live 0x0000000000000000\n");
    }
    return text.toString();
  }
}
