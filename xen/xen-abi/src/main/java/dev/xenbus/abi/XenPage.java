package dev.xenbus.abi;

/// A Xen page.
public final class XenPage {
  /// Bytes of a page.
  public static final int BYTES = 4096;

  /// Binary logarithm of [#BYTES].
  public static final int SHIFT = 12;

  private XenPage() {}
}
