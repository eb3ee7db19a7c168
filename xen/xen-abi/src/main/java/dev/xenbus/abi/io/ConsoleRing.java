package dev.xenbus.abi.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The page that a domain shares with the console daemon (`struct xencons_interface`,
/// `xen/include/public/io/console.h`); 3092 of its bytes are used.
///
/// ```
///    0  input to the guest [1024]        3072  input consumer    guest
/// 1024  output of the guest [2048]       3076  input producer    daemon
///                                        3080  output consumer   daemon
///                                        3084  output producer   guest
///                                        3088  connection (u8)   daemon
/// ```
public final class ConsoleRing {
  /// Bytes from the daemon to the guest.
  public static final int INPUT_BYTES = 1024;

  /// Bytes from the guest to the daemon.
  public static final int OUTPUT_BYTES = 2048;

  private static final long INPUT = 0;
  private static final long OUTPUT = 1024;
  private static final long INPUT_CONSUMER = 3072;
  private static final long INPUT_PRODUCER = 3076;
  private static final long OUTPUT_CONSUMER = 3080;
  private static final long OUTPUT_PRODUCER = 3084;
  private static final long CONNECTION = 3088;
  private static final long USED_BYTES = 3092;
  private static final byte CONNECTED = 0;
  private static final byte DISCONNECTED = 1;

  private final MemorySegment page;
  private final ByteRing input;
  private final ByteRing output;

  /// Makes a view of the page, which is left as it is.
  ///
  /// @param page native
  /// @param point called before each access to a shared index
  public ConsoleRing(MemorySegment page, RingPoint point) {
    this.page = page;
    input = new ByteRing(page, INPUT, INPUT_BYTES, INPUT_CONSUMER, INPUT_PRODUCER, point);
    output = new ByteRing(page, OUTPUT, OUTPUT_BYTES, OUTPUT_CONSUMER, OUTPUT_PRODUCER, point);
  }

  /// Clears the page and notes that no daemon is there yet, as the domain builder does.
  public void init() {
    page.asSlice(0, USED_BYTES).fill((byte) 0);
    connected(false);
  }

  /// Returns the bytes from the daemon to the guest.
  public ByteRing input() {
    return input;
  }

  /// Returns the bytes from the guest to the daemon.
  public ByteRing output() {
    return output;
  }

  /// Returns whether the daemon is there.
  public boolean connected() {
    return page.get(ValueLayout.JAVA_BYTE, CONNECTION) == CONNECTED;
  }

  /// Notes whether the daemon is there.
  public void connected(boolean connected) {
    page.set(ValueLayout.JAVA_BYTE, CONNECTION, connected ? CONNECTED : DISCONNECTED);
  }
}
