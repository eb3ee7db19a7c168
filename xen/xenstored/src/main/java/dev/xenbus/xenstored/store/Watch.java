package dev.xenbus.xenstored.store;

/// One registration: who wants to know about which path, under which token, how deep.
final class Watch {
  /// As deep as the tree goes.
  static final int NO_DEPTH = -1;

  /// What a watch costs in memory beside its bytes.
  private static final int MEMORY_FIXED = 100;

  private final Client client;
  private final WatchList list;
  private final byte[] token;
  private final int tokenHash;
  private final int depth;
  private final int relativeCut;
  private final long sequence;

  Watch(Client client, WatchList list, byte[] token, int depth, int relativeCut, long sequence) {
    this.client = client;
    this.list = list;
    this.token = token;
    this.tokenHash = Bytes.hash(token, 0, token.length);
    this.depth = depth;
    this.relativeCut = relativeCut;
    this.sequence = sequence;
  }

  Client client() {
    return client;
  }

  WatchList list() {
    return list;
  }

  /// Not to be changed.
  byte[] token() {
    return token;
  }

  int tokenHash() {
    return tokenHash;
  }

  /// How many levels below its path it sees, or [#NO_DEPTH].
  int depth() {
    return depth;
  }

  boolean hasDepth() {
    return depth != NO_DEPTH;
  }

  boolean reaches(int levels) {
    return depth == NO_DEPTH || levels <= depth;
  }

  /// How many bytes of each path it does not want to see: the home that it left out itself.
  int relativeCut() {
    return relativeCut;
  }

  /// Its place in the order of all registrations.
  long sequence() {
    return sequence;
  }

  static int memory(int pathBytes, int tokenBytes) {
    return MEMORY_FIXED + pathBytes + tokenBytes;
  }

  int memory() {
    return memory(list.path().length, token.length);
  }
}
