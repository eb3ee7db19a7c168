package dev.xenbus.xenstored.store;

import dev.xenbus.abi.Domid;
import java.util.Arrays;
import java.util.Optional;

/// A node's permissions, immutable and shared between nodes: one `int` an entry.
///
/// ```
///   31      19  18       17..16   15..0
///   |  0   | ignored  | rw bits |  domid |
/// ```
final class Perms {
  static final int READ = 1;
  static final int WRITE = 2;
  static final int OWNER = 4;
  static final int ALL = READ | WRITE | OWNER;

  private static final int ACCESS_SHIFT = 16;
  private static final int IGNORED = 1 << 18;
  private static final byte[] LETTERS = {'n', 'r', 'w', 'b'};
  private static final int ANY = Domid.ANY.value();

  private final int[] entries;

  private Perms(int[] entries) {
    this.entries = entries;
  }

  /// Takes the array over.
  static Perms of(int... entries) {
    if (entries.length == 0) {
      throw new IllegalArgumentException("no owner");
    }
    return new Perms(entries);
  }

  static int entry(int domid, int access) {
    return domid | access << ACCESS_SHIFT;
  }

  /// Marks an entry as never matching.
  static int ignored(int entry) {
    return entry | IGNORED;
  }

  static boolean isIgnored(int entry) {
    return (entry & IGNORED) != 0;
  }

  static int domid(int entry) {
    return entry & 0xFFFF;
  }

  static byte letter(int entry) {
    return LETTERS[entry >>> ACCESS_SHIFT & (READ | WRITE)];
  }

  /// The access bits of a letter, or empty if it is none of `n r w b`.
  static Optional<Integer> accessOf(int letter) {
    for (int i = 0; i < LETTERS.length; i++) {
      if (LETTERS[i] == letter) {
        return Optional.of(i);
      }
    }
    return Optional.empty();
  }

  int size() {
    return entries.length;
  }

  int entryAt(int index) {
    return entries[index];
  }

  int owner() {
    return domid(entries[0]);
  }

  /// What a client may do with a node that has these permissions and was last modified at the given
  /// generation: the first rule that matches decides.
  int rights(Client client, long nodeGeneration) {
    if (client.mayDoAll()) {
      return ALL;
    }
    int owner = owner();
    if (owner == client.domid() || owner == client.targetDomid() || owner == ANY) {
      return ALL;
    }
    for (int i = 1; i < entries.length; i++) {
      int entry = entries[i];
      if (!isIgnored(entry) && matches(client, domid(entry), nodeGeneration)) {
        return access(entry);
      }
    }
    return access(entries[0]);
  }

  /// An entry older than the domain that now has its number means a predecessor (XSA-322).
  private static boolean matches(Client client, int domid, long nodeGeneration) {
    if (domid == client.domid()) {
      return client.domain().generation() <= nodeGeneration;
    }
    if (domid == client.targetDomid()) {
      Domain target = client.domain().target();
      return target != null && target.generation() <= nodeGeneration;
    }
    return domid == ANY;
  }

  private static int access(int entry) {
    return entry >>> ACCESS_SHIFT & (READ | WRITE);
  }

  Perms withOwner(int domid) {
    if (owner() == domid) {
      return this;
    }
    int[] changed = entries.clone();
    changed[0] = (changed[0] & ~0xFFFF) | domid;
    return new Perms(changed);
  }

  /// How many entries are of a domain.
  int count(int domid) {
    int count = 0;
    for (int entry : entries) {
      count += domid(entry) == domid ? 1 : 0;
    }
    return count;
  }

  /// These without the entries of a domain; if it is the owner, domain 0 is from now on.
  Perms without(int domid) {
    int[] kept = new int[entries.length];
    int count = 0;
    for (int i = 0; i < entries.length; i++) {
      if (i == 0 || domid(entries[i]) != domid) {
        kept[count++] = entries[i];
      }
    }
    Perms rest = new Perms(Arrays.copyOf(kept, count));
    return owner() == domid ? rest.withOwner(0) : rest;
  }

  /// Whether all entries are of domain 0, which is never accounted.
  boolean isDom0Only() {
    return entries.length == 1 && owner() == 0;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int entry : entries) {
      text.append(text.isEmpty() ? "" : ",").append((char) letter(entry)).append(domid(entry));
    }
    return text.toString();
  }
}
