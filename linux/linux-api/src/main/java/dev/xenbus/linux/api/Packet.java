package dev.xenbus.linux.api;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A network packet (`struct sk_buff`): a linear head and fragments, which may be mapped pages of
/// another domain (zero copy). Owned by whoever holds it; handed on, never shared.
public final class Packet {
  /// What the receiver may believe of the checksum.
  public enum Checksum {
    /// Nothing.
    NONE,
    /// It is right (`CHECKSUM_UNNECESSARY`).
    VALIDATED,
    /// It is not there yet; whoever puts the packet on a wire computes it (`CHECKSUM_PARTIAL`).
    BLANK
  }

  /// Segmentation left to the receiver (GSO).
  public enum Gso {
    /// None.
    NONE,
    /// TCP over IPv4.
    TCPV4,
    /// TCP over IPv6.
    TCPV6
  }

  /// A piece of the packet's data outside of the head.
  ///
  /// @param page the page that it is in
  /// @param offset first byte
  /// @param length bytes
  /// @param foreign whose page it is, or null if it is our own
  public record Fragment(
      MemorySegment page, int offset, int length, @Nullable MappedGrant foreign) {}

  /// Told, exactly once, that the packet's foreign pages are not used any more
  /// (`struct ubuf_info`).
  @FunctionalInterface
  public interface ZeroCopyCallback {
    /// Called by whoever frees or copies the packet; must not sleep.
    ///
    /// @param unmodified true if it was released without having been copied
    void released(boolean unmodified);
  }

  private byte[] head;
  private int headLength;
  private final List<Fragment> fragments = new ArrayList<>(4);
  private Checksum checksum = Checksum.NONE;
  private Gso gso = Gso.NONE;
  private int gsoSize;
  private @Nullable ZeroCopyCallback zeroCopy;
  private boolean freed;

  /// Makes a packet with the given linear head, which it owns from now on.
  public Packet(byte[] head, int headLength) {
    this.head = head;
    this.headLength = headLength;
  }

  /// Makes a packet that is all head.
  public Packet(byte[] frame) {
    this(frame, frame.length);
  }

  /// Returns the linear head; its first [#headLength] bytes count.
  public byte[] head() {
    return head;
  }

  /// Returns how many bytes the head has.
  public int headLength() {
    return headLength;
  }

  /// Returns the fragments, in order.
  public List<Fragment> fragments() {
    return fragments;
  }

  /// Returns all bytes: head and fragments.
  public int length() {
    int length = headLength;
    for (Fragment fragment : fragments) {
      length += fragment.length();
    }
    return length;
  }

  /// Returns what may be believed of the checksum.
  public Checksum checksum() {
    return checksum;
  }

  /// Sets what may be believed of the checksum.
  public void checksum(Checksum newChecksum) {
    checksum = newChecksum;
  }

  /// Returns the kind of segmentation that is left to do.
  public Gso gso() {
    return gso;
  }

  /// Returns the payload bytes of each segment, 0 without GSO.
  public int gsoSize() {
    return gsoSize;
  }

  /// Sets the segmentation that is left to do.
  public void gso(Gso kind, int segmentBytes) {
    gso = kind;
    gsoSize = segmentBytes;
  }

  /// Sets who is told when the foreign pages are free again.
  public void zeroCopy(ZeroCopyCallback callback) {
    zeroCopy = callback;
  }

  /// Returns whether it still refers to pages that somebody waits for.
  public boolean isZeroCopy() {
    return zeroCopy != null;
  }

  /// Copies foreign fragments into memory of our own and tells their owner, so that the packet may
  /// be kept for as long as one likes. Mirrors `skb_orphan_frags`.
  public void orphanFragments() {
    ZeroCopyCallback callback = zeroCopy;
    if (callback == null) {
      return;
    }
    zeroCopy = null;
    linearize();
    callback.released(false);
  }

  /// Moves all data into the head.
  public void linearize() {
    if (fragments.isEmpty()) {
      return;
    }
    byte[] all = new byte[length()];
    copyTo(all);
    head = all;
    headLength = all.length;
    fragments.clear();
  }

  /// Copies all bytes, in order, to the start of `into`.
  public void copyTo(byte[] into) {
    System.arraycopy(head, 0, into, 0, headLength);
    int at = headLength;
    for (Fragment fragment : fragments) {
      MemorySegment.copy(
          fragment.page(), ValueLayout.JAVA_BYTE, fragment.offset(), into, at, fragment.length());
      at += fragment.length();
    }
  }

  /// Returns a copy with memory of its own; foreign fragments are copied and released.
  public Packet copy() {
    orphanFragments();
    byte[] all = new byte[length()];
    copyTo(all);
    Packet copy = new Packet(all);
    copy.checksum = checksum;
    copy.gso = gso;
    copy.gsoSize = gsoSize;
    return copy;
  }

  /// Frees the packet and tells the owner of its foreign pages (`kfree_skb`, `consume_skb`).
  ///
  /// @throws IllegalStateException if it was freed before
  public void free() {
    if (freed) {
      throw new IllegalStateException("packet freed twice");
    }
    freed = true;
    ZeroCopyCallback callback = zeroCopy;
    zeroCopy = null;
    if (callback != null) {
      callback.released(true);
    }
  }
}
