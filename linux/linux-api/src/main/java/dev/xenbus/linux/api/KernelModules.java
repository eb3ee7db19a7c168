package dev.xenbus.linux.api;

import java.util.List;

/// A kernel's loadable modules, as whoever gives them work sees them (`include/linux/module.h`).
/// Any task.
public interface KernelModules {
  /// A kernel that has everything built in.
  KernelModules BUILT_IN =
      new KernelModules() {
        @Override
        public boolean add(
            String name, List<KernelParameter> declared, ParameterValues values, Runnable exit) {
          return true;
        }

        @Override
        public void remove(String name) {}

        @Override
        public boolean tryGet(String name) {
          return true;
        }

        @Override
        public void put(String name) {}
      };

  /// Notes that a module is loaded; its parameters show in `/sys/module/<name>/parameters`. The
  /// caller holds it, as by [#tryGet], so that nobody unloads it before it has begun its work.
  ///
  /// @param exit takes it out of what it has registered with, and ends in [#remove]; called by who
  ///     unloads it, when nobody uses it
  /// @return false if there is one of that name already
  boolean add(String name, List<KernelParameter> declared, ParameterValues values, Runnable exit);

  /// Notes that a module is not loaded any more; nothing happens if it was not.
  void remove(String name);

  /// Keeps a module from being unloaded (`try_module_get`).
  ///
  /// @return false if it is being unloaded, or not loaded
  boolean tryGet(String name);

  /// Gives back what [#add] or [#tryGet] took (`module_put`).
  void put(String name);
}
