package dev.xenbus.xenstored.store;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreRing;
import java.util.Optional;

/// Which real daemon the store answers like, where they differ: values and decisions, nothing else.
public enum Dialect {
  /// The C daemon of today; where we do otherwise, `docs/differences.md` says so.
  C("c"),
  /// The C daemon of Xen 4.17, as Debian 12 has it.
  C_4_17("c-4.17"),
  /// oxenstored; what it does with nodes, transactions and domains is in the classes `Ocaml…`.
  OCAML("ocaml");

  private static final int FIRST_TYPE_OF_FEATURES = 23;
  private static final int TYPE_DIRECTORY_PART = 22;
  private static final int TYPES = 27;
  private static final int OCAML_WATCHES = 100;
  private static final int OCAML_PATH_BYTES_MAX = 1024;
  private static final int OCAML_OUTSTANDING = 1024;

  private final String label;

  Dialect(String label) {
    this.label = label;
  }

  /// Returns the name in options.
  public String label() {
    return label;
  }

  /// Returns the name of its profile in the conformance kit.
  public String profile() {
    return this == C_4_17 ? "c17" : label;
  }

  /// Returns the dialect of the given name, or empty if none has it.
  public static Optional<Dialect> ofLabel(String label) {
    for (Dialect dialect : values()) {
      if (dialect.label.equals(label)) {
        return Optional.of(dialect);
      }
    }
    return Optional.empty();
  }

  /// The first number that is no type of request.
  int types() {
    return switch (this) {
      case C -> TYPES;
      case C_4_17 -> FIRST_TYPE_OF_FEATURES;
      case OCAML -> TYPE_DIRECTORY_PART;
    };
  }

  /// What is offered to guests: [XenstoreRing]`.FEATURE_…`. Reconnection, which oxenstored
  /// offers, is not: our rings do not answer to it.
  int features() {
    return this == C
        ? XenstoreRing.FEATURE_ERROR
            | XenstoreRing.FEATURE_WATCH_DEPTH
            | XenstoreRing.FEATURE_ANY_DOMAIN
        : 0;
  }

  /// How many more than the limit less one may be used: the comparisons of the daemons differ.
  int slack(Quota quota) {
    if (this == C) {
      return 0;
    }
    return switch (quota) {
      case NODES, NODE_PERMISSIONS -> 1;
      case WATCHES, TRANSACTIONS -> 2;
      case PATH_MAX -> 1;
      default -> 0;
    };
  }

  /// The limit that a fresh store has.
  int initial(Quota quota) {
    if (this != OCAML) {
      return quota.initial();
    }
    return switch (quota) {
      case WATCHES -> OCAML_WATCHES;
      case PATH_MAX -> OCAML_PATH_BYTES_MAX;
      case OUTSTANDING -> OCAML_OUTSTANDING;
      // No limits of their own: 0 is none.
      case NODE_PERMISSIONS, NODE_SIZE, MEMORY -> 0;
      default -> quota.initial();
    };
  }

  /// What a node itself counts for against the quota `node-size`.
  int nodeHeaderBytes() {
    return this == C_4_17 ? 24 : 16;
  }

  /// The answer to one node, watch, transaction too many.
  Refused quotaError(Quota quota) {
    return switch (this) {
      case C -> Refused.ENOSPC;
      case C_4_17 -> quota == Quota.WATCHES ? Refused.E2BIG : Refused.ENOSPC;
      case OCAML -> Refused.EQUOTA;
    };
  }

  /// Whether a commit that met with others' changes is merged with them or executed again, as
  /// oxenstored does; it conflicts otherwise.
  boolean mergesTransactions() {
    return this == OCAML;
  }

  /// Whether the length of every path is limited, but of those that are watched; of guests' paths
  /// alone otherwise.
  boolean limitsEveryPath() {
    return this == OCAML;
  }

  /// Whether a domain with domain 0 for its target counts as domain 0.
  boolean targetZeroMayDoAll() {
    return this == OCAML;
  }

  /// Whether a domain that stays shut down fires `@releaseDomain` whenever the domains are looked
  /// at; once otherwise.
  boolean repeatsShutdowns() {
    return this == OCAML;
  }

  /// The answer to a transaction id that the connection does not have.
  Refused unknownTransaction() {
    return this == OCAML ? Refused.with(Errno.EIO) : Refused.ENOENT;
  }

  /// Whether an event that equals one that waits is sent too.
  boolean keepsDuplicates() {
    return this == OCAML;
  }

  /// Whether entries of domains that do not exist count once these do.
  boolean trustsFutureDomains() {
    return this == OCAML;
  }

  /// Whether `@` names have permissions that can be seen and set.
  boolean hasSpecialPermissions() {
    return this != C_4_17;
  }

  /// Whether anybody may watch `@releaseDomain`.
  boolean letsAllWatchReleases() {
    return this == C;
  }

  /// Whether CONTROL says `OK` to guests and to commands that there are not, and does nothing.
  boolean shrugsAtControl() {
    return this == OCAML;
  }

  /// The answer to RELEASE and the like of a domain that was not introduced.
  Refused unknownDomain() {
    return this == OCAML ? Refused.EINVAL : Refused.ENOENT;
  }

  /// Whether the nodes of a dead domain vanish without events.
  boolean forgetsSilently() {
    return this == OCAML;
  }
}
