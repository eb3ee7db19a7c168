package dev.xenbus.abi.io.blkif;

/// Status codes of responses (`BLKIF_RSP_*`); 16 bits, signed.
public final class BlockStatus {
  /// It worked.
  public static final int OKAY = 0;

  /// It was refused, could not be mapped, or the storage failed.
  public static final int ERROR = -1;

  /// There is no such operation, or the storage cannot do it.
  public static final int EOPNOTSUPP = -2;

  private BlockStatus() {}
}
