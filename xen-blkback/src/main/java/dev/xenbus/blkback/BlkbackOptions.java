package dev.xenbus.blkback;

import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.ParameterValues;
import java.util.List;

/// The module's parameters.
///
/// @param bufferPagesMax most free pages that a ring keeps
/// @param persistentGrantsMax most persistently mapped grants of a ring
/// @param unusedSeconds after how many seconds an idle one is dropped; 0 is never
/// @param queuesMax most queues of a device
/// @param ringPageOrderMax binary logarithm of the most pages of a ring
/// @param persistent whether persistent grants are offered
/// @param logStats whether each ring logs its counters every 10 s
/// @param squeezeNanos how long none are kept once the kernel asked for memory
record BlkbackOptions(
    int bufferPagesMax,
    int persistentGrantsMax,
    long unusedSeconds,
    int queuesMax,
    int ringPageOrderMax,
    boolean persistent,
    boolean logStats,
    long squeezeNanos) {
  /// Segments of an indirect request at most (`MAX_INDIRECT_SEGMENTS`): not a parameter.
  static final int INDIRECT_SEGMENTS_MAX = 256;

  /// The most that `max_ring_page_order` may be set to (`XENBUS_MAX_RING_GRANT_ORDER`).
  static final int RING_PAGE_ORDER_LIMIT = 4;

  private static final long NANOS_PER_MILLI = 1_000_000L;
  private static final String BLKBACK = "drivers/block/xen-blkback/blkback.c";
  private static final String XENBUS = "drivers/block/xen-blkback/xenbus.c";

  static final List<KernelParameter> PARAMETERS =
      List.of(
          number("max_buffer_pages", "1024", "pages", "free pages of a ring that are kept"),
          number("max_persistent_grants", "1056", "", "persistent grants of a ring at most"),
          number(
              "persistent_grant_unused_seconds", "60", "s", "idle time before one goes, 0 = never"),
          // Differs: a kernel takes the number of its processors.
          number("max_queues", "4", "", "queues of a device at most"),
          number("max_ring_page_order", "4", "", "pages of a ring at most, as a power of two"),
          new KernelParameter(
              "feature_persistent",
              KernelParameter.Type.FLAG,
              "1",
              "",
              "offer persistent grants",
              XENBUS),
          new KernelParameter(
              "log_stats", KernelParameter.Type.FLAG, "0", "", "log counters every 10 s", BLKBACK),
          number(
              "buffer_squeeze_duration_ms", "10", "ms", "how long none are kept after a shortage"));

  private static KernelParameter number(String name, String value, String unit, String help) {
    return new KernelParameter(name, KernelParameter.Type.NUMBER, value, unit, help, BLKBACK);
  }

  static BlkbackOptions of(ParameterValues values) {
    return new BlkbackOptions(
        (int) values.number("max_buffer_pages"),
        (int) values.number("max_persistent_grants"),
        values.number("persistent_grant_unused_seconds"),
        (int) Math.max(1, values.number("max_queues")),
        (int) Math.min(RING_PAGE_ORDER_LIMIT, values.number("max_ring_page_order")),
        values.flag("feature_persistent"),
        values.flag("log_stats"),
        values.number("buffer_squeeze_duration_ms") * NANOS_PER_MILLI);
  }
}
