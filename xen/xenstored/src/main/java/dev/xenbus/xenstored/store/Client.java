package dev.xenbus.xenstored.store;

import dev.xenbus.abi.xenstore.XenstoreLimits;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One connection: a socket, or the ring of a domain (`struct connection`).
///
/// A privileged one may do everything and is not limited. The others share the account of their
/// domain.
public final class Client {
  /// A client whose output is longer than this is not served until it takes some.
  private static final int PENDING_BYTES_PAUSE = 1 << 18;

  /// No request of it waits for a transaction to end.
  static final long NOT_HELD = Long.MAX_VALUE;

  private final Domain domain;
  private final boolean privileged;
  private final Outbox out;
  private final byte[] homePrefix;
  private final List<Watch> watches = new ArrayList<>();
  private final List<OpenTransaction> transactions = new ArrayList<>();
  private String label;
  private int lastTransaction;
  private boolean ignored;
  private boolean gone;
  private long heldUntil = NOT_HELD;

  Client(Domain domain, boolean privileged) {
    this.domain = domain;
    this.privileged = privileged;
    this.label = "D" + domain.domid();
    this.out = new Outbox(privileged ? null : domain);
    if (domain.limits().dialect().keepsDuplicates()) {
      out.keepDuplicates();
    }
    this.homePrefix = Bytes.of(XenstoreLimits.DOMAIN_HOME_PREFIX + domain.domid() + "/");
  }

  /// Returns the id of the domain that it speaks for.
  public int domid() {
    return domain.domid();
  }

  /// Returns how logs call it: `D5` for a domain, `A3` for the third socket.
  public String label() {
    return label;
  }

  void setLabel(String name) {
    label = name;
  }

  /// Returns whether it may do everything.
  public boolean isPrivileged() {
    return privileged;
  }

  /// Whether it has the rights of domain 0: it is privileged, or, with oxenstored, has domain 0 for
  /// its target.
  boolean mayDoAll() {
    Domain target = domain.target();
    return privileged
        || (target != null && target.domid() == 0 && limits().dialect().targetZeroMayDoAll());
  }

  /// Returns what waits to be sent to it.
  public Outbox out() {
    return out;
  }

  /// Returns whether its next request may be executed now: not while it is ignored, uses more than
  /// its quotas, or does not take its replies.
  public boolean mayBeServed() {
    if (ignored || gone || out.pending() > PENDING_BYTES_PAUSE) {
      return false;
    }
    return privileged
        || (domain.use(Quota.OUTSTANDING) < domain.limits().hard(Quota.OUTSTANDING)
            && !domain.lacksMemory(0)
            && !domain.credit().isOverdrawn());
  }

  /// Returns whether it broke the protocol and is neither read nor written any more.
  public boolean isIgnored() {
    return ignored;
  }

  /// Returns whether its next request waits for a transaction of somebody else to end.
  public boolean isHeld() {
    return heldUntil != NOT_HELD;
  }

  /// Until when at most.
  long heldUntil() {
    return heldUntil;
  }

  void setHeldUntil(long nanos) {
    heldUntil = nanos;
  }

  void ignore() {
    ignored = true;
  }

  /// Returns whether the store knows it no longer.
  public boolean isGone() {
    return gone;
  }

  void setGone() {
    gone = true;
  }

  /// Returns the bits that are offered to it: `XenstoreRing.FEATURE_…`.
  public int features() {
    return domain.features();
  }

  /// Returns its domain.
  public Domain domain() {
    return domain;
  }

  Limits limits() {
    return domain.limits();
  }

  /// The id of the domain whose rights it has beside its own, or -1.
  int targetDomid() {
    Domain target = domain.target();
    return target == null ? -1 : target.domid();
  }

  /// `/local/domain/N/`. Not to be changed.
  byte[] homePrefix() {
    return homePrefix;
  }

  /// Its watches in order of registration.
  List<Watch> watches() {
    return watches;
  }

  /// Its open transactions.
  List<OpenTransaction> transactions() {
    return transactions;
  }

  @Nullable OpenTransaction transaction(int id) {
    for (int i = 0; i < transactions.size(); i++) {
      if (transactions.get(i).id() == id) {
        return transactions.get(i);
      }
    }
    return null;
  }

  /// The id for a new transaction: they count up, less 0 and those in use.
  int nextTransactionId() {
    do {
      lastTransaction++;
    } while (lastTransaction == 0 || transaction(lastTransaction) != null);
    return lastTransaction;
  }

  void restartTransactionIds() {
    lastTransaction = 0;
  }
}
