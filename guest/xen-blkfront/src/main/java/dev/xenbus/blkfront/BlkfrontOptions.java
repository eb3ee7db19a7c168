package dev.xenbus.blkfront;

import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.ParameterValues;
import java.util.List;

/// The module's parameters.
///
/// @param indirectSegmentsMax most segments of an indirect request
/// @param queuesMax most queues of a device
/// @param ringPageOrderMax binary logarithm of the most pages of a ring
/// @param persistent whether persistent grants are wanted
/// @param trusted whether the backend is; see [Blkfront] on what that changes
record BlkfrontOptions(
    int indirectSegmentsMax,
    int queuesMax,
    int ringPageOrderMax,
    boolean persistent,
    boolean trusted) {
  private static final String SOURCE = "drivers/block/xen-blkfront.c";

  /// The most that `max_ring_page_order` may be set to (`XENBUS_MAX_RING_GRANT_ORDER`).
  private static final int RING_PAGE_ORDER_LIMIT = 4;

  static final List<KernelParameter> PARAMETERS =
      List.of(
          number("max_indirect_segments", "32", "segments of an indirect request at most"),
          // Differs: a kernel takes the number of its processors, up to 4; our guests have one.
          number("max_queues", "1", "queues of a device at most"),
          number("max_ring_page_order", "0", "pages of a ring at most, as a power of two"),
          flag("feature_persistent", "ask for persistent grants"),
          flag("trusted", "whether the backend is trusted"));

  private static KernelParameter number(String name, String value, String help) {
    return new KernelParameter(name, KernelParameter.Type.NUMBER, value, "", help, SOURCE);
  }

  private static KernelParameter flag(String name, String help) {
    return new KernelParameter(name, KernelParameter.Type.FLAG, "1", "", help, SOURCE);
  }

  static BlkfrontOptions of(ParameterValues values) {
    return new BlkfrontOptions(
        (int) values.number("max_indirect_segments"),
        (int) Math.max(1, values.number("max_queues")),
        (int) Math.min(RING_PAGE_ORDER_LIMIT, values.number("max_ring_page_order")),
        values.flag("feature_persistent"),
        values.flag("trusted"));
  }
}
