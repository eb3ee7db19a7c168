package dev.xenbus.machine;

/// What a lock is, for the check of lock order: locks of one class are taken in the same order
/// relative to those of other classes, everywhere.
///
/// @param name the kernel's name, such as `xenwatch_mutex`
/// @param subclass the nesting level, for two locks of the same name held at once; 0 is outermost
public record LockClass(String name, int subclass) {
  /// Returns the class of the given name at nesting level 0.
  public static LockClass of(String name) {
    return new LockClass(name, 0);
  }

  @Override
  public String toString() {
    return subclass == 0 ? name : name + "/" + subclass;
  }
}
