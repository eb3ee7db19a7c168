package dev.xenbus.abi.xenstore;

/// Bounds of the protocol (`xen/include/public/io/xs_wire.h`).
public final class XenstoreLimits {
  /// Bytes of a message header.
  public static final int HEADER_BYTES = 16;

  /// Most bytes of a payload (`XENSTORE_PAYLOAD_MAX`); more is fatal for the connection.
  public static final int PAYLOAD_BYTES_MAX = 4096;

  /// Most bytes of a message, header included.
  public static final int MESSAGE_BYTES_MAX = HEADER_BYTES + PAYLOAD_BYTES_MAX;

  /// Most bytes of an absolute path (`XENSTORE_ABS_PATH_MAX`).
  public static final int ABSOLUTE_PATH_BYTES_MAX = 3072;

  /// Most bytes of a relative path (`XENSTORE_REL_PATH_MAX`).
  public static final int RELATIVE_PATH_BYTES_MAX = 2048;

  /// The home of domain N is this followed by N.
  public static final String DOMAIN_HOME_PREFIX = "/local/domain/";

  private XenstoreLimits() {}
}
