package dev.xenbus.linux.api;

/// A kernel's page allocator (`alloc_page`, `free_page`). Pages come zeroed.
public interface Pages {
  /// Returns a zeroed page.
  ///
  /// @throws KernelException `ENOMEM`
  Page allocate() throws KernelException;

  /// Gives a page back.
  void free(Page page);

  /// Returns how many pages are in use.
  int inUse();
}
