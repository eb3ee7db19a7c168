package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainImage;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Suspends a guest (`libxl_dom_suspend.c`): asks through `control/shutdown`, waits until it has
/// taken note, then until it has stopped.
final class DomainSuspension {
  private static final String REQUEST = "suspend";

  private final LibxlContext ctx;
  private final Domid domid;
  private boolean over;
  private @Nullable Rc failure;

  DomainSuspension(LibxlContext ctx, Domid domid) {
    this.ctx = ctx;
    this.domid = domid;
  }

  /// Suspends it and takes its state.
  ///
  /// @throws LibxlException said in the log; a request that the guest has not taken note of in time
  ///     is taken back
  DomainImage run() throws IOException, LibxlException {
    String path = LibxlControl.pathOf(domid);
    ctx.xs().plain().write(path, REQUEST);
    awaitAcknowledge(path);
    awaitStop();
    try {
      return ctx.domains().save(domid);
    } catch (HypercallException e) {
      throw failed("xc_domain_save failed: " + e.errno().text());
    }
  }

  private void awaitAcknowledge(String path) throws IOException, LibxlException {
    over = false;
    NodeWait.start(
        ctx,
        path,
        Timeouts.CONTROL_NANOS,
        value -> !value.orElse("").equals(REQUEST),
        rc -> {
          over = true;
          failure = rc;
        });
    ctx.loop().runUntil(() -> over);
    if (failure == null) {
      return;
    }
    // It may take note at the last moment: looked at again in the transaction that takes it back.
    boolean takenBack =
        ctx.xs()
            .transaction(
                tx -> {
                  boolean isUnread = tx.read(path).orElse("").equals(REQUEST);
                  if (isUnread) {
                    tx.write(path, "");
                  }
                  return isUnread;
                });
    if (takenBack) {
      throw failed("guest didn't acknowledge suspend, cancelling request");
    }
  }

  private void awaitStop() throws IOException, LibxlException {
    over = false;
    EventLoop.Timeout timeout = ctx.loop().after(Timeouts.SUSPEND_NANOS, () -> over = true);
    EventLoop.Watch watch = ctx.loop().watch("@releaseDomain", () -> {});
    try {
      ctx.loop().runUntil(() -> over || hasStopped());
    } finally {
      ctx.loop().cancel(timeout);
      ctx.loop().unwatch(watch);
    }
    Optional<DomainInfo> info = ctx.domains().info(domid);
    if (info.isEmpty() || info.get().dying()) {
      throw failed("guest we were suspending has been destroyed");
    }
    Optional<ShutdownReason> reason = info.get().shutdown();
    if (reason.isEmpty()) {
      throw failed("guest did not suspend, timed out");
    }
    if (reason.get() != ShutdownReason.SUSPEND) {
      throw failed(
          "guest we were suspending has shut down with unexpected reason code "
              + reason.get().code());
    }
  }

  private boolean hasStopped() {
    Optional<DomainInfo> info = ctx.domains().info(domid);
    return info.isEmpty() || info.get().dying() || info.get().shutdown().isPresent();
  }

  private LibxlException failed(String why) {
    ctx.log().error("Domain " + domid + ":" + why);
    return new LibxlException(Rc.FAIL);
  }
}
