package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Requests to a guest through `control/shutdown` (`libxl__domain_pvcontrol`).
final class LibxlControl {
  private boolean over;
  private @Nullable Rc failure;

  private LibxlControl() {}

  static String pathOf(Domid domid) {
    return "/local/domain/" + domid + "/control/shutdown";
  }

  /// Waits until the guest has emptied or removed the node.
  ///
  /// @throws LibxlException `TIMEDOUT`
  static void awaitAcknowledge(LibxlContext ctx, String path) throws IOException, LibxlException {
    LibxlControl control = new LibxlControl();
    NodeWait.start(
        ctx,
        path,
        Timeouts.CONTROL_NANOS,
        value -> value.orElse("").isEmpty(),
        rc -> {
          control.over = true;
          control.failure = rc;
        });
    ctx.loop().runUntil(() -> control.over);
    Rc rc = control.failure;
    if (rc != null) {
      ctx.log().error(LogSite.PVCONTROL, "guest didn't acknowledge control request: " + rc.code());
      throw new LibxlException(rc);
    }
  }
}
