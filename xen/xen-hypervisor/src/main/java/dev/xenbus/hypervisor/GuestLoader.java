package dev.xenbus.hypervisor;

/// What runs in guests: the emulator's, since Xen knows no kernel.
@FunctionalInterface
public interface GuestLoader {
  /// Boots a guest. Called once, at the first unpause of a domain that was built, in a new kernel
  /// thread of that domain's own Cpu; when it returns that thread ends and the others go on.
  ///
  /// A [RuntimeException] that it throws is a crash of that domain, and reported by the machine
  /// like that of any task. A kernel that panics on purpose calls `shutdown(CRASH)` instead.
  void boot(GuestStart start);
}
