package dev.xenbus.linux;

import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.KernelModules;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.ParameterValues;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;

/// The kernel modules that are loaded: `/proc/modules` and `/sys/module`. Mirrors what
/// `kernel/module/main.c` does of counts and states.
///
/// Any task may use it: there is no lock, since an initialisation may be held up for long.
public final class ModuleTable implements KernelModules {
  /// The count of a module that is being unloaded.
  private static final int GOING = -1;

  /// A loaded module.
  public static final class Loaded {
    private final int order;
    private final String name;
    private final Runnable exit;

    /// How many use it, or [#GOING]. Whoever loads it is the first.
    private final AtomicInteger references = new AtomicInteger(1);

    private Loaded(int order, String name, Runnable exit) {
      this.order = order;
      this.name = name;
      this.exit = exit;
    }

    /// Returns its name, such as `xen_netback`.
    public String name() {
      return name;
    }

    /// Returns how many use it.
    public int users() {
      return Math.max(0, references.get());
    }

    /// Returns whether it can be used: it is not being unloaded.
    public boolean isLive() {
      return references.get() != GOING;
    }

    private boolean tryGet() {
      return references.updateAndGet(count -> count == GOING ? GOING : count + 1) != GOING;
    }

    private void put() {
      references.decrementAndGet();
    }

    private boolean tryStop() {
      return references.compareAndSet(0, GOING);
    }
  }

  /// How an attempt to unload a module ended.
  public enum Unload {
    /// It is gone.
    DONE,
    /// There is none of that name.
    NOT_LOADED,
    /// Somebody uses it (`EWOULDBLOCK`).
    IN_USE
  }

  private final KernelFiles files;
  private final AtomicInteger lastOrder = new AtomicInteger();
  private final ConcurrentSkipListMap<String, Loaded> modules = new ConcurrentSkipListMap<>();
  private final ConcurrentSkipListMap<String, Runnable> loadables = new ConcurrentSkipListMap<>();

  /// Those that somebody is loading just now.
  private final ConcurrentSkipListSet<String> loading = new ConcurrentSkipListSet<>();

  ModuleTable(KernelFiles files) {
    this.files = files;
    files.add("/proc/modules", this::text);
  }

  @Override
  public boolean add(
      String name, List<KernelParameter> declared, ParameterValues values, Runnable exit) {
    Loaded loaded = new Loaded(lastOrder.incrementAndGet(), name, exit);
    if (modules.putIfAbsent(name, loaded) != null) {
      return false;
    }
    String folder = "/sys/module/" + name;
    files.add(folder + "/refcnt", () -> loaded.users() + "\n");
    files.add(folder + "/initstate", () -> loaded.isLive() ? "live\n" : "going\n");
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

  @Override
  public void remove(String name) {
    if (modules.containsKey(name)) {
      files.remove("/sys/module/" + name);
      modules.remove(name);
    }
  }

  @Override
  public boolean tryGet(String name) {
    Loaded module = modules.get(name);
    return module != null && module.tryGet();
  }

  @Override
  public void put(String name) {
    Loaded module = modules.get(name);
    if (module != null) {
      module.put();
    }
  }

  /// Makes a module known to `modprobe`.
  ///
  /// @param init loads it, and calls [#add] in the end; called only if it is not loaded
  public void loadable(String name, Runnable init) {
    loadables.putIfAbsent(name, init);
  }

  /// Returns whether a module is loaded.
  public boolean isLoaded(String name) {
    return modules.containsKey(name);
  }

  /// Returns whether there is such a module, loaded or not.
  public boolean isKnown(String name) {
    return isLoaded(name) || loadables.containsKey(name);
  }

  /// Loads a module (`modprobe`); nothing happens if it is loaded, or if somebody is about it.
  ///
  /// @return false if there is none of that name that could be loaded
  public boolean load(String name) {
    Runnable init = loadables.get(name);
    if (init != null && !isLoaded(name) && loading.add(name)) {
      try {
        init.run();
      } finally {
        loading.remove(name);
      }
    }
    return init != null || isLoaded(name);
  }

  /// Unloads a module that nobody uses (`delete_module`): from here on nobody can begin to, then it
  /// goes.
  public Unload unload(String name) {
    Loaded module = modules.get(name);
    if (module == null) {
      return Unload.NOT_LOADED;
    }
    if (!module.tryStop()) {
      return Unload.IN_USE;
    }
    module.exit.run();
    remove(name);
    return Unload.DONE;
  }

  /// Returns the loaded modules, the last loaded first, as `lsmod` lists them.
  public List<Loaded> list() {
    return modules.values().stream().sorted((a, b) -> Integer.compare(b.order, a.order)).toList();
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (Loaded module : list()) {
      text.append(module.name())
          .append(" 16384 ")
          .append(module.users())
          .append(" - ")
          .append(module.isLive() ? "Live" : "Unloading")
          .append(" 0x0000000000000000\n");
    }
    return text.toString();
  }
}
