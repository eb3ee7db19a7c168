package dev.xenbus.abi.io.blkif;

/// Where the fields of a response are: the same in both protocols, but for the padding at its end.
///
/// ```
/// 0                       8    9   10       12      16
/// +-----------------------+----+---+--------+-------+
/// |          id           | op |pad| status |  pad  |
/// +-----------------------+----+---+--------+-------+
/// ```
///
/// A backend writes the three fields into the slot and leaves the padding alone, so that nothing of
/// its own memory leaks into it (XSA-216).
public final class BlockResponseLayout {
  /// Offset of the id of the request.
  public static final int ID = 0;

  /// Offset of the operation of the request; of an indirect one, its `indirect_op`.
  public static final int OPERATION = 8;

  /// Offset of the status, see [BlockStatus].
  public static final int STATUS = 10;

  private BlockResponseLayout() {}
}
