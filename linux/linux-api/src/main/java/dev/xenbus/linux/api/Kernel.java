package dev.xenbus.linux.api;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.WorkQueue;

/// One kernel instance, dom0's, a driver domain's or a guest's, as a driver sees it.
public interface Kernel {
  /// Which phase the kernel is in (`enum system_states`).
  enum SystemState {
    /// Starting.
    BOOTING,
    /// Up.
    RUNNING,
    /// Going down; watch events do not reach drivers any more.
    HALTING
  }

  /// Returns the domain that it runs in.
  Domid domid();

  /// Returns its threads and the primitives they meet at.
  Cpu cpu();

  /// Returns the time since its machine booted.
  default Clock clock() {
    return cpu().machine().clock();
  }

  /// Returns its log.
  Printk printk();

  /// Returns its page allocator.
  Pages pages();

  /// Returns its grant table.
  GrantTable grants();

  /// Returns its event channels.
  EventChannels events();

  /// Returns its network core.
  NetCore net();

  /// Returns its block core.
  BlockCore block();

  /// Returns its `/proc` and `/sys`.
  KernelFiles files();

  /// Returns the queue for works of no particular owner (`system_wq`).
  WorkQueue systemWorkQueue();

  /// Returns the phase that it is in.
  SystemState systemState();

  /// Returns the values of its command line.
  ParameterValues parameters();

  /// Returns its modules.
  default KernelModules modules() {
    return KernelModules.BUILT_IN;
  }

  /// Adds somebody who has memory to give back when the kernel is short of it
  /// (`register_shrinker`). Called by one task at a time, which may sleep but not for long.
  ///
  /// @param name such as `xen-backend`
  default void addShrinker(String name, Runnable shrinker) {}

  /// Ends this kernel: `poweroff`, `reboot`, or a crash (`panic`). Devices are shut down first
  /// unless it crashes. May return before it is done.
  void power(ShutdownReason reason);

  /// Returns whether a fault of real kernels was put back into this one (`kernel.bugs`).
  default boolean hasBug(KnownBug bug) {
    return false;
  }

  /// A place where the stall injector may hold the calling task; returns at once otherwise.
  ///
  /// @param kind what is about to happen: `probe` is held in state D, `script` in S, which a signal
  ///     ends
  /// @param subject of what, such as `vif`; a script's name
  void stallPoint(String kind, String subject);

  /// Offers a mapped page to the stall injector, which may take a reference to it as a storage
  /// driver might. Cheap when nothing is wanted. The caller keeps the page mapped meanwhile; any
  /// task.
  ///
  /// @param kind what the page is, such as `pgrant`
  /// @param subject whose, such as the thread `3.xvda-0`
  default void stallPage(String kind, String subject, MappedGrant page) {}

  /// Adds somebody who has pages to offer, and is told when the stall injector begins to look for
  /// one: in the task that told the injector so, which must not be held up.
  default void addStallListener(Runnable wanted) {}

  /// Removes what [#addStallListener] added; nothing happens if it is not there.
  default void removeStallListener(Runnable wanted) {}
}
