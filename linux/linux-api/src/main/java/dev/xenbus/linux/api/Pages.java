package dev.xenbus.linux.api;

/// A kernel's page allocator (`alloc_page`, `free_page`). Pages come zeroed.
public interface Pages {
  /// Returns a zeroed page.
  ///
  /// @throws KernelException `ENOMEM`
  Page allocate() throws KernelException;

  /// Gives a page back.
  void free(Page page);

  /// Adds somebody who is told when there is no page left for a caller: in any context and with no
  /// lock held, so it may not sleep.
  default void addShortageListener(Runnable shortage) {}

  /// Returns how many pages are in use.
  int inUse();
}
