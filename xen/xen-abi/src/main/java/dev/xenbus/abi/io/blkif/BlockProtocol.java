package dev.xenbus.abi.io.blkif;

import java.util.Optional;

/// In which of two shapes a frontend lays out its ring, named in its node `protocol`
/// (`xen/include/public/io/protocols.h`).
public enum BlockProtocol {
  /// Fields naturally aligned; also the native shape of a 64-bit backend.
  X86_64("x86_64-abi", 112, BlockRequestLayout.ALIGNED, 16),

  /// Fields packed as a 32-bit compiler aligns them.
  X86_32("x86_32-abi", 108, BlockRequestLayout.PACKED, 12);

  private final String abiName;
  private final int slotBytes;

  @SuppressWarnings("ImmutableEnumChecker") // its fields are final numbers
  private final BlockRequestLayout request;

  private final int responseBytes;

  BlockProtocol(String abiName, int slotBytes, BlockRequestLayout request, int responseBytes) {
    this.abiName = abiName;
    this.slotBytes = slotBytes;
    this.request = request;
    this.responseBytes = responseBytes;
  }

  /// Returns the value of the node `protocol`.
  public String abiName() {
    return abiName;
  }

  /// Returns how many bytes a ring slot has.
  public int slotBytes() {
    return slotBytes;
  }

  /// Returns where the fields of a request are.
  public BlockRequestLayout request() {
    return request;
  }

  /// Returns how many bytes a response has. Its fields are where [BlockResponseLayout] says.
  public int responseBytes() {
    return responseBytes;
  }

  /// Returns the protocol of the given name.
  public static Optional<BlockProtocol> ofAbiName(String name) {
    for (BlockProtocol protocol : values()) {
      if (protocol.abiName.equals(name)) {
        return Optional.of(protocol);
      }
    }
    return Optional.empty();
  }
}
