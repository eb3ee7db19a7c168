package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What the store knows of a domain: its account, and, while it is introduced, its connections.
///
/// A record exists from the first node that names the domain, so that nodes made for it before its
/// introduction count (XSA-326).
public final class Domain {
  private static final int COUNTED = Quota.values().length;

  /// No frame is known.
  static final long NO_FRAME = -1;

  private final int domid;
  private final Limits limits;
  private final int[] use = new int[COUNTED];
  private final int[] useMax = new int[COUNTED];
  private final List<Client> clients = new ArrayList<>();
  private final WriteCredit credit = new WriteCredit();
  private int mentions;
  private long generation;
  private boolean known;
  private boolean introduced;
  private boolean shutdown;
  private int features;
  private int port;
  private long frame = NO_FRAME;
  private @Nullable UUID uuid;
  private @Nullable Domain target;
  private @Nullable Client ring;

  Domain(int domid, Limits general) {
    this.domid = domid;
    this.limits = new Limits(general);
  }

  /// Returns its id.
  public int domid() {
    return domid;
  }

  Limits limits() {
    return limits;
  }

  /// How much of a quota it uses now.
  int use(Quota quota) {
    return use[quota.index()];
  }

  int useMax(Quota quota) {
    return useMax[quota.index()];
  }

  void add(Quota quota, int more) {
    int index = quota.index();
    use[index] += more;
    useMax[index] = Math.max(useMax[index], use[index]);
  }

  /// Notes a use that is not a running count, such as the size of a node.
  void seen(Quota quota, int value) {
    useMax[quota.index()] = Math.max(useMax[quota.index()], value);
  }

  void forgetMaxima() {
    System.arraycopy(use, 0, useMax, 0, COUNTED);
  }

  /// Whether one more would be one too many: the largest usable value is the limit less one.
  boolean isFull(Quota quota) {
    return use(quota) + 1 >= limits.hard(quota);
  }

  /// Whether this many more bytes would break the hard limit.
  boolean lacksMemory(int bytes) {
    return (long) use(Quota.MEMORY) + bytes > limits.hard(Quota.MEMORY);
  }

  /// How many entries of nodes name it, owners included.
  int mentions() {
    return mentions;
  }

  void addMentions(int more) {
    mentions += more;
  }

  /// The change of the store with which it became known; entries of nodes that were not modified
  /// since mean another domain that had its number before.
  long generation() {
    return generation;
  }

  /// Whether it exists, as far as the store was told.
  boolean isKnown() {
    return known;
  }

  void setKnown(long atGeneration, UUID itsUuid, int allFeatures) {
    known = true;
    generation = atGeneration;
    uuid = itsUuid;
    features = allFeatures;
  }

  boolean is(UUID otherUuid) {
    return otherUuid.equals(uuid);
  }

  boolean isIntroduced() {
    return introduced;
  }

  /// Its connection over the ring; null if it has none.
  @Nullable Client ring() {
    return ring;
  }

  void introduce(Client ringClient) {
    introduced = true;
    ring = ringClient;
  }

  /// The event channel port with which it was introduced last.
  int port() {
    return port;
  }

  void setPort(int itsPort) {
    port = itsPort;
  }

  /// The frame with which it was introduced, or [#NO_FRAME].
  long frame() {
    return frame;
  }

  void setFrame(long itsFrame) {
    frame = itsFrame;
  }

  void forgetIntroduction() {
    frame = NO_FRAME;
    introduced = false;
    ring = null;
    shutdown = false;
    target = null;
  }

  /// Forgets everything but the account.
  void forget() {
    forgetIntroduction();
    known = false;
    uuid = null;
  }

  boolean isShutdown() {
    return shutdown;
  }

  void setShutdown(boolean stopped) {
    shutdown = stopped;
  }

  int features() {
    return features;
  }

  void setFeatures(int bits) {
    features = bits;
  }

  boolean hasFeature(int bit) {
    return (features & bit) != 0;
  }

  @Nullable Domain target() {
    return target;
  }

  void setTarget(Domain newTarget) {
    target = newTarget;
  }

  /// Its connections, in order of connection; not to be changed.
  List<Client> clients() {
    return clients;
  }

  void addClient(Client client) {
    clients.add(client);
  }

  void removeClient(Client client) {
    clients.remove(client);
  }

  WriteCredit credit() {
    return credit;
  }
}
