package dev.xenbus.abi.io.blkif;

/// Bounds of the block protocol.
public final class BlockLimits {
  /// Bytes of a sector, whatever the disk's own sector size is.
  public static final int SECTOR_BYTES = 512;

  /// Sectors of a page.
  public static final int PAGE_SECTORS = 8;

  /// Last sector of a page that `first_sect` and `last_sect` may name.
  public static final int SECTOR_IN_PAGE_MAX = PAGE_SECTORS - 1;

  /// Segments of a direct request (`BLKIF_MAX_SEGMENTS_PER_REQUEST`).
  public static final int SEGMENTS_MAX = 11;

  /// Pages of descriptors of an indirect request (`BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST`).
  public static final int INDIRECT_PAGES_MAX = 8;

  /// Descriptors of such a page.
  public static final int INDIRECT_PAGE_SEGMENTS = 512;

  private BlockLimits() {}

  /// Returns how many pages of descriptors an indirect request has (`INDIRECT_PAGES`).
  public static int indirectPages(int segments) {
    return (segments + INDIRECT_PAGE_SEGMENTS - 1) / INDIRECT_PAGE_SEGMENTS;
  }
}
