package dev.xenbus.xenstored.server;

import dev.xenbus.xenstored.store.Client;
import dev.xenbus.xenstored.store.Outbox;
import java.io.IOException;

/// One connection of the daemon: bytes in, at most one request executed a turn, bytes out.
abstract class Endpoint {
  /// Output is written in the middle of a long input once there is so much of it.
  private static final int FLUSH_BYTES = 1 << 15;

  private final ServerLoop loop;
  private final Client client;
  private final Input input;
  private boolean closed;
  private boolean stalled;

  /// Whether the loop has it on its list; the loop's.
  boolean active;

  /// Whether the loop looks after it from time to time; the loop's.
  boolean waiting;

  Endpoint(ServerLoop loop, Client client) {
    this.loop = loop;
    this.client = client;
    this.input = new Input(loop.pool());
    client.out().onFirstEvent(() -> loop.activate(this));
  }

  final Client client() {
    return client;
  }

  final Input input() {
    return input;
  }

  final ServerLoop loop() {
    return loop;
  }

  final boolean isClosed() {
    return closed;
  }

  /// Whether there is a request that the client's quotas hold back.
  final boolean isStalled() {
    return stalled;
  }

  /// Whether only time, or others who read, can bring it forward.
  final boolean mustWait() {
    return !closed
        && (stalled || client.isHeld() || (client.out().pending() > 0 && !client.isPrivileged()));
  }

  /// Reads what is there into [#input].
  ///
  /// @return how many bytes, 0 if none were there, -1 if the other end closed
  abstract int fill() throws IOException;

  /// Whether it says only once that there is something to read, so that it must be read until
  /// nothing is left.
  abstract boolean isEdgeTriggered();

  /// Writes from the client's outbox what fits.
  abstract void flush() throws IOException;

  /// A header has an impossible length.
  abstract void protocolError(int length);

  /// Frees what the connection holds outside.
  abstract void hangUp();

  /// Does one step: reads if no whole request is there, executes one, writes once none is left.
  ///
  /// @return whether there is more to do at once
  final boolean turn() {
    if (closed) {
      return false;
    }
    try {
      boolean more = step();
      if (!closed && (!more || client.out().pending() > FLUSH_BYTES)) {
        flush();
        more |= stalled && client.mayBeServed();
      }
      if (!more && !closed) {
        input.rest();
      }
      return more && !closed;
    } catch (IOException e) {
      close();
      return false;
    }
  }

  private boolean step() throws IOException {
    stalled = !client.mayBeServed() && !client.isIgnored();
    if (stalled || client.isIgnored() || client.isHeld()) {
      return false;
    }
    if (!hasRequest() && !closed) {
      int count = fill();
      if (count < 0) {
        close();
      }
      if (count <= 0 || closed) {
        return false;
      }
      if (!hasRequest()) {
        return isEdgeTriggered();
      }
    }
    if (closed) {
      return false;
    }
    if (!loop.store().answer(client, input.bytes(), input.start()) || closed) {
      return false;
    }
    input.pass();
    return isEdgeTriggered() || hasRequest();
  }

  private boolean hasRequest() {
    if (input.isBroken()) {
      int length = input.length();
      input.release();
      protocolError(length);
      return false;
    }
    return input.hasMessage();
  }

  /// Ends the connection from this side.
  final void close() {
    if (!closed) {
      drop();
      loop.store().disconnect(client);
    }
  }

  /// Ends the connection after the store has forgotten the client.
  final void drop() {
    if (!closed) {
      closed = true;
      input.release();
      hangUp();
      loop.forget(this);
    }
  }

  /// Called when output may go on, or input may have come; from the loop's task.
  final void wake() {
    loop.activate(this);
  }

  /// Writes what is left as far as that does not block, on the way out.
  final void flushQuietly() {
    Outbox out = client.out();
    if (!closed && out.pending() > 0) {
      try {
        flush();
      } catch (IOException e) {
        // The other end is gone: nobody misses these bytes.
      }
    }
  }
}
