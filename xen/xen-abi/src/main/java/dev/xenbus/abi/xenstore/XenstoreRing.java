package dev.xenbus.abi.xenstore;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Layout of the page that a domain shares with the daemon (`struct xenstore_domain_interface`).
///
/// ```
///     0 +---------------------------+
///       | request ring, 1024 bytes  |  guest to daemon
///  1024 +---------------------------+
///       | reply ring, 1024 bytes    |  daemon to guest: replies and events
///  2048 +------+------+------+------+
///       | req_ | req_ | rsp_ | rsp_ |  32 bits each, running free; byte = index mod 1024
///       | cons | prod | cons | prod |
///  2064 +------+------+------+------+
///       | srv_ | conn | err  | evt  |
///       | feat |      |      | chn  |
///  2080 +------+------+------+------+
/// ```
public final class XenstoreRing {
  /// Bytes of each ring.
  public static final int RING_BYTES = 1024;

  /// Where the request ring starts.
  public static final int REQUESTS = 0;

  /// Where the reply ring starts.
  public static final int REPLIES = 1024;

  /// Index of the next request byte that the daemon reads; the daemon writes it.
  public static final int REQ_CONS = 2048;

  /// Index behind the last request byte; the guest writes it.
  public static final int REQ_PROD = 2052;

  /// Index of the next reply byte that the guest reads; the guest writes it.
  public static final int RSP_CONS = 2056;

  /// Index behind the last reply byte; the daemon writes it.
  public static final int RSP_PROD = 2060;

  /// What the daemon offers, bits of `FEATURE_…`; the daemon writes it at introduction.
  public static final int SERVER_FEATURES = 2064;

  /// [#CONNECTION_CONNECTED] or [#CONNECTION_RECONNECT].
  public static final int CONNECTION = 2068;

  /// Why the daemon no longer serves the ring: one of `ERROR_…`; the daemon writes it.
  public static final int ERROR = 2072;

  /// The guest's event channel port, preset by the domain builder, or 0.
  public static final int EVTCHN_PORT = 2076;

  /// In use.
  public static final int CONNECTION_CONNECTED = 0;

  /// A reconnect is in progress: the guest must not touch the ring.
  public static final int CONNECTION_RECONNECT = 1;

  /// No error.
  public static final int ERROR_NONE = 0;

  /// Communication problem.
  public static final int ERROR_COMMUNICATION = 1;

  /// A ring index out of range.
  public static final int ERROR_RING_INDEX = 2;

  /// A payload too long.
  public static final int ERROR_PROTOCOL = 3;

  /// The guest may ask for a reconnect.
  public static final int FEATURE_RECONNECTION = 1;

  /// The daemon sets [#ERROR].
  public static final int FEATURE_ERROR = 2;

  /// WATCH takes a depth.
  public static final int FEATURE_WATCH_DEPTH = 4;

  /// Permissions may name any domain, 0x7FF5.
  public static final int FEATURE_ANY_DOMAIN = 8;

  /// The layout of indices and fields: 32 bits, little-endian, aligned.
  public static final ValueLayout.OfInt FIELD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private XenstoreRing() {}
}
