package dev.xenbus.xenstored.store;

import dev.xenbus.abi.xenstore.StorePath;
import dev.xenbus.abi.xenstore.XenstoreLimits;

/// The path that a request names, made absolute: a slice of the request, or of a scratch array
/// where
/// a home had to be put in front. One object is used again for each request.
final class PathRef {
  private static final byte[] HOME_PREFIX = Bytes.of(XenstoreLimits.DOMAIN_HOME_PREFIX);
  private static final boolean[] LEGAL = new boolean[256];

  static {
    for (int c = 0; c < LEGAL.length; c++) {
      LEGAL[c] = StorePath.isPathByte(c);
    }
  }

  private byte[] scratch = new byte[256];
  private byte[] bytes = scratch;
  private int start;
  private int end;
  private int relativeCut;

  /// Takes the path in `from[first..last)`.
  ///
  /// @param special whether a name with `@` is allowed
  /// @throws Refused `EINVAL` if it is malformed or too long
  void set(Client client, byte[] from, int first, int last, boolean special) throws Refused {
    if (first == last) {
      throw Refused.EINVAL;
    }
    relativeCut = 0;
    if (from[first] == '/' || from[first] == '@') {
      bytes = from;
      start = first;
      end = last;
      if (from[first] == '@' && !special) {
        throw Refused.EINVAL;
      }
    } else {
      prefixHome(client, from, first, last);
    }
    checkShape();
    boolean limited =
        client.limits().dialect().limitsEveryPath() ? !special : !client.isPrivileged();
    if (limited && counted() >= client.limits().hard(Quota.PATH_MAX)) {
      throw Refused.EINVAL;
    }
  }

  /// Takes the path in `from[first..last)`; a name with `@` is that of a child of the root.
  ///
  /// @throws Refused `EINVAL` if it is malformed or too long
  void setRooted(Client client, byte[] from, int first, int last) throws Refused {
    if (first < last && from[first] == '@') {
      byte[] rooted = new byte[1 + last - first];
      rooted[0] = '/';
      System.arraycopy(from, first, rooted, 1, last - first);
      set(client, rooted, 0, rooted.length, false);
    } else {
      set(client, from, first, last, false);
    }
  }

  /// Takes an absolute path that is known to be well-formed.
  void set(byte[] from, int first, int last) {
    bytes = from;
    start = first;
    end = last;
    relativeCut = 0;
  }

  private void prefixHome(Client client, byte[] from, int first, int last) {
    byte[] home = client.homePrefix();
    int length = home.length + last - first;
    if (scratch.length < length) {
      scratch = new byte[2 * length];
    }
    System.arraycopy(home, 0, scratch, 0, home.length);
    System.arraycopy(from, first, scratch, home.length, last - first);
    bytes = scratch;
    start = 0;
    end = length;
    relativeCut = home.length;
  }

  private void checkShape() throws Refused {
    int previous = 0;
    for (int i = start; i < end; i++) {
      int c = bytes[i] & 0xFF;
      if (!LEGAL[c] || (c == '/' && previous == '/')) {
        throw Refused.EINVAL;
      }
      previous = c;
    }
    if (previous == '/' && end - start > 1) {
      throw Refused.EINVAL;
    }
  }

  /// How many bytes count against the quota `path-max`: those behind `/local/domain/<digits>/`.
  private int counted() {
    int length = end - start;
    int at = start + HOME_PREFIX.length;
    if (length <= HOME_PREFIX.length || !Bytes.equal(HOME_PREFIX, bytes, start, at)) {
      return length;
    }
    int digits = at;
    while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
      at++;
    }
    return at > digits && at < end && bytes[at] == '/' ? end - at - 1 : length;
  }

  byte[] bytes() {
    return bytes;
  }

  int start() {
    return start;
  }

  int end() {
    return end;
  }

  int length() {
    return end - start;
  }

  boolean isRoot() {
    return end - start == 1 && bytes[start] == '/';
  }

  boolean isSpecial() {
    return bytes[start] == '@';
  }

  /// How many bytes of the absolute path were put in front of a relative one; 0 if it was absolute.
  int relativeCut() {
    return relativeCut;
  }

  int hash() {
    return Bytes.hash(bytes, start, end);
  }

  byte[] copy() {
    byte[] copy = new byte[end - start];
    System.arraycopy(bytes, start, copy, 0, copy.length);
    return copy;
  }

  /// Goes up one level.
  ///
  /// @return false if it was the root, or a special name, whose parent counts as the root
  boolean toParent() {
    if (isRoot()) {
      return false;
    }
    int slash = end - 1;
    while (slash >= start && bytes[slash] != '/') {
      slash--;
    }
    if (slash < start) {
      set(HOME_PREFIX, 0, 1);
    } else {
      end = Math.max(slash, start + 1);
    }
    return true;
  }

  /// Where the last component starts.
  int nameStart() {
    int at = end;
    while (at > start && bytes[at - 1] != '/') {
      at--;
    }
    return at;
  }

  @Override
  public String toString() {
    return Bytes.text(bytes, start, end);
  }
}
