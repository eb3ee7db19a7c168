package dev.xenbus.xl;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Waits until a node says what is wanted: a watch and a time-out that runs from when the watch is
/// set (`libxl__ev_devstate`, `libxl__xswait`). Each event makes it read the node, the first one
/// too, so that what lies between two reads is never seen.
final class NodeWait {
  /// Decides on what a node says.
  @FunctionalInterface
  interface Judge {
    /// Returns whether the wait is over.
    ///
    /// @param value of the node; empty if there is none
    /// @throws LibxlException if it has failed
    boolean isOver(Optional<String> value) throws LibxlException;
  }

  /// Told once how it ended.
  @FunctionalInterface
  interface Done {
    /// Takes the outcome.
    ///
    /// @param failure null if the node says what is wanted; `TIMEDOUT`, or what the judge threw
    void accept(@Nullable Rc failure) throws IOException, LibxlException;
  }

  private final LibxlContext ctx;
  private final String path;
  private final Judge judge;
  private final Done done;
  private EventLoop.@Nullable Watch watch;
  private EventLoop.@Nullable Timeout timeout;

  private NodeWait(LibxlContext ctx, String path, Judge judge, Done done) {
    this.ctx = ctx;
    this.path = path;
    this.judge = judge;
    this.done = done;
  }

  static void start(LibxlContext ctx, String path, long nanos, Judge judge, Done done)
      throws IOException {
    NodeWait wait = new NodeWait(ctx, path, judge, done);
    wait.timeout = ctx.loop().after(nanos, () -> wait.finish(Rc.TIMEDOUT));
    wait.watch = ctx.loop().watch(path, wait::onEvent);
  }

  private void onEvent() throws IOException, LibxlException {
    boolean over;
    try {
      over = judge.isOver(ctx.xs().plain().read(path));
    } catch (LibxlException e) {
      finish(e.rc());
      return;
    }
    if (over) {
      finish(null);
    }
  }

  private void finish(@Nullable Rc failure) throws IOException, LibxlException {
    EventLoop.Timeout armed = timeout;
    if (armed != null) {
      ctx.loop().cancel(armed);
    }
    EventLoop.Watch set = watch;
    if (set != null) {
      ctx.loop().unwatch(set);
    }
    done.accept(failure);
  }
}
