package dev.xenbus.xs;

import dev.xenbus.abi.io.ByteRing;
import dev.xenbus.abi.io.XenstoreInterface;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.machine.Task;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// The guest's side of the ring to the store. Mirrors `xb_write` and `xb_read`
/// (`drivers/xen/xenbus/xenbus_comms.c`).
///
/// An event is sent after writing if the store had read all that was written before, and after
/// reading if the ring had been full: the store looks at the ring again before it sleeps.
///
/// Exclusive to the thread `xenbus`, but for the two tests, which anyone may ask.
final class StoreRing {
  /// The indices were impossible; they were set to 0 (`-EIO`).
  static final class BrokenRing extends IOException {
    private static final long serialVersionUID = 1L;

    BrokenRing(String which) {
      super(which + " ring indices are impossible");
    }
  }

  /// Both replaced while the suspender keeps the thread `xenbus` from the ring.
  private volatile ByteRing requests;

  private volatile ByteRing responses;
  private volatile @Nullable EventChannel channel;

  StoreRing(MemorySegment page) {
    XenstoreInterface ring = new XenstoreInterface(page, () -> Task.point("xenstore ring"));
    requests = ring.requests();
    responses = ring.responses();
  }

  /// Goes on over another page.
  void page(MemorySegment page) {
    XenstoreInterface ring = new XenstoreInterface(page, () -> Task.point("xenstore ring"));
    requests = ring.requests();
    responses = ring.responses();
  }

  void channel(@Nullable EventChannel newChannel) {
    channel = newChannel;
  }

  /// Returns whether the request ring takes a byte; also if its indices are broken, so that the
  /// writer finds out.
  boolean isWritable() {
    return requests.writable() != 0;
  }

  /// Returns whether there is something to read (`xb_data_to_read`).
  boolean isReadable() {
    return responses.readable() != 0;
  }

  /// Returns whether the store has read all requests.
  boolean isRequestRingQuiet() {
    return requests.writable() == requests.size();
  }

  /// Returns the indices of the requests, consumer's and producer's, as the log shows them.
  String requestIndices() {
    return requests.indices();
  }

  /// Returns the indices of the replies, consumer's and producer's.
  String responseIndices() {
    return responses.indices();
  }

  /// Drops all replies that were not read.
  void discardResponses() {
    byte[] sink = new byte[responses.size()];
    int taken = responses.take(sink, 0, sink.length);
    while (taken > 0) {
      taken = responses.take(sink, 0, sink.length);
    }
    if (taken == ByteRing.BROKEN) {
      responses.reset();
    }
  }

  /// Writes as many bytes as the ring takes.
  ///
  /// @return how many
  /// @throws BrokenRing if the indices were impossible; both are 0 then
  int write(byte[] from, int offset, int length) throws BrokenRing {
    int written = 0;
    while (written < length) {
      int step = requests.put(from, offset + written, length - written);
      if (step == ByteRing.BROKEN) {
        requests.reset();
        throw new BrokenRing("request");
      }
      if (step == 0) {
        break;
      }
      written += step;
      // Full fence: the index is out before the store's index is read. Without it both ends could
      // decide to sleep, each believing that the other will be woken.
      VarHandle.fullFence();
      int waiting = requests.size() - requests.writable();
      if (waiting <= step) {
        notifyStore();
      }
    }
    return written;
  }

  /// Reads as many bytes as there are.
  ///
  /// @return how many
  /// @throws BrokenRing if the indices were impossible; both are 0 then
  int read(byte[] to, int offset, int length) throws BrokenRing {
    int read = 0;
    while (read < length) {
      int step = responses.take(to, offset + read, length - read);
      if (step == ByteRing.BROKEN) {
        responses.reset();
        throw new BrokenRing("reply");
      }
      if (step == 0) {
        break;
      }
      read += step;
      // Full fence: our index is out before the store's is read, as above. The ring was full if the
      // store had got as far ahead of our old index as it can.
      VarHandle.fullFence();
      if (responses.readable() + step >= responses.size()) {
        notifyStore();
      }
    }
    return read;
  }

  private void notifyStore() {
    EventChannel open = channel;
    if (open != null) {
      open.send();
    }
  }
}
