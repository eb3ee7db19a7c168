package dev.xenbus.abi.io.blkif;

/// Operation codes (`BLKIF_OP_*`).
public final class BlockOperations {
  /// Read into the granted pages.
  public static final int READ = 0;

  /// Write the granted pages.
  public static final int WRITE = 1;

  /// Wait for all that is in flight, flush, write.
  public static final int WRITE_BARRIER = 2;

  /// Flush, then write what there is to write.
  public static final int FLUSH_DISKCACHE = 3;

  // 4 is reserved: it was for packets of one vendor.

  /// Forget content.
  public static final int DISCARD = 5;

  /// A read or write whose segments are described in granted pages.
  public static final int INDIRECT = 6;

  private BlockOperations() {}
}
