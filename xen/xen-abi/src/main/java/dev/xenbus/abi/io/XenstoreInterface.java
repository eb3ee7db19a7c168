package dev.xenbus.abi.io;

import dev.xenbus.abi.xenstore.XenstoreRing;
import java.lang.foreign.MemorySegment;

/// The page that a domain shares with the store (`struct xenstore_domain_interface`,
/// `xen/include/public/io/xs_wire.h`), in use: the picture and the numbers are in [XenstoreRing].
///
/// Both ends use this class: the guest puts [#requests] and takes [#responses], the store the other
/// way round.
public final class XenstoreInterface {
  private static final long USED_BYTES = 2080;

  private final MemorySegment page;
  private final RingPoint point;
  private final ByteRing requests;
  private final ByteRing responses;

  /// Makes a view of the page, which is left as it is.
  ///
  /// @param page native
  /// @param point called before each access to a shared index
  public XenstoreInterface(MemorySegment page, RingPoint point) {
    this.page = page;
    this.point = point;
    requests =
        new ByteRing(
            page,
            XenstoreRing.REQUESTS,
            XenstoreRing.RING_BYTES,
            XenstoreRing.REQ_CONS,
            XenstoreRing.REQ_PROD,
            point);
    responses =
        new ByteRing(
            page,
            XenstoreRing.REPLIES,
            XenstoreRing.RING_BYTES,
            XenstoreRing.RSP_CONS,
            XenstoreRing.RSP_PROD,
            point);
  }

  /// Clears the page and notes the guest's port, as the domain builder does.
  public void init(int eventPort) {
    page.asSlice(0, USED_BYTES).fill((byte) 0);
    SharedWord.setRelease(page, XenstoreRing.EVTCHN_PORT, eventPort);
  }

  /// Returns the bytes from the guest to the store.
  public ByteRing requests() {
    return requests;
  }

  /// Returns the bytes from the store to the guest.
  public ByteRing responses() {
    return responses;
  }

  /// Sets all four indices to 0. The store does, while the guest stays away.
  public void resetIndices() {
    requests.reset();
    responses.reset();
  }

  /// Returns what the store offers, an OR of feature bits; 0 from an old store.
  public int serverFeatures() {
    return load(XenstoreRing.SERVER_FEATURES);
  }

  /// Sets what the store offers.
  public void serverFeatures(int features) {
    store(XenstoreRing.SERVER_FEATURES, features);
  }

  /// Returns [XenstoreRing#CONNECTION_CONNECTED], [XenstoreRing#CONNECTION_RECONNECT], or what else
  /// the guest wrote.
  public int connection() {
    return load(XenstoreRing.CONNECTION);
  }

  /// Sets the state of the connection.
  public void connection(int state) {
    store(XenstoreRing.CONNECTION, state);
  }

  /// Returns what the store found wrong, one of the `ERROR_` numbers.
  public int error() {
    return load(XenstoreRing.ERROR);
  }

  /// Sets what the store found wrong.
  public void error(int error) {
    store(XenstoreRing.ERROR, error);
  }

  /// Returns the guest's port as the builder noted it, or 0.
  public int eventPort() {
    return load(XenstoreRing.EVTCHN_PORT);
  }

  private int load(long offset) {
    point.point();
    // Acquire: what the writer did before it is visible. Pairs with store().
    return SharedWord.getAcquire(page, offset);
  }

  private void store(long offset, int value) {
    point.point();
    // Release: index resets are visible before the word that announces them. Pairs with load().
    SharedWord.setRelease(page, offset, value);
  }
}
