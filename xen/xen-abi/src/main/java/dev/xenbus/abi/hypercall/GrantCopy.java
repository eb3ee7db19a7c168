package dev.xenbus.abi.hypercall;

/// One element of a grant copy (`struct gnttab_copy`): mutable, so that a data path may reuse it.
/// Each side is either a page of the caller (a frame number) or a reference of another domain.
public final class GrantCopy {
  private boolean sourceIsGrant;
  private int sourceDomid;
  private int source;
  private int sourceOffset;
  private boolean destinationIsGrant;
  private int destinationDomid;
  private int destination;
  private int destinationOffset;
  private int length;
  private int status;

  /// Makes an empty element.
  public GrantCopy() {}

  /// Sets the source to a reference in another domain's table.
  public GrantCopy fromGrant(int domid, int ref, int offset) {
    sourceIsGrant = true;
    sourceDomid = domid;
    source = ref;
    sourceOffset = offset;
    return this;
  }

  /// Sets the source to a frame of the caller.
  public GrantCopy fromFrame(int frame, int offset) {
    sourceIsGrant = false;
    sourceDomid = 0x7FF0;
    source = frame;
    sourceOffset = offset;
    return this;
  }

  /// Sets the destination to a reference in another domain's table.
  public GrantCopy toGrant(int domid, int ref, int offset) {
    destinationIsGrant = true;
    destinationDomid = domid;
    destination = ref;
    destinationOffset = offset;
    return this;
  }

  /// Sets the destination to a frame of the caller.
  public GrantCopy toFrame(int frame, int offset) {
    destinationIsGrant = false;
    destinationDomid = 0x7FF0;
    destination = frame;
    destinationOffset = offset;
    return this;
  }

  /// Sets how many bytes are copied.
  public GrantCopy length(int bytes) {
    length = bytes;
    return this;
  }

  /// Sets the status; the hypervisor does.
  public void status(int newStatus) {
    status = newStatus;
  }

  /// Returns whether the source is a reference.
  public boolean sourceIsGrant() {
    return sourceIsGrant;
  }

  /// Returns the source's domain.
  public int sourceDomid() {
    return sourceDomid;
  }

  /// Returns the source's reference or frame number.
  public int source() {
    return source;
  }

  /// Returns the first byte in the source page.
  public int sourceOffset() {
    return sourceOffset;
  }

  /// Returns whether the destination is a reference.
  public boolean destinationIsGrant() {
    return destinationIsGrant;
  }

  /// Returns the destination's domain.
  public int destinationDomid() {
    return destinationDomid;
  }

  /// Returns the destination's reference or frame number.
  public int destination() {
    return destination;
  }

  /// Returns the first byte in the destination page.
  public int destinationOffset() {
    return destinationOffset;
  }

  /// Returns how many bytes are copied.
  public int length() {
    return length;
  }

  /// Returns the status that the copy ended with.
  public int status() {
    return status;
  }
}
