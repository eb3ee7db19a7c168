package dev.xenbus.xenstored.store;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Fills a fresh store from a [StateStream]. If that fails the store is not to be used.
final class StateRestore {
  private static final int DOMID_INVALID = 0x7FF4;
  private static final int DOMID_FIRST_RESERVED = 0x7FF0;

  private final Tree tree;
  private final DomainTable table;
  private final DomainRequests domainRequests;
  private final WatchTable watches;
  private final StoreHost host;
  private final Client anybody;
  private final Map<Integer, Client> rings = new HashMap<>();
  private final Set<Integer> gone = new HashSet<>();
  private final Map<Domain, Integer> targets = new HashMap<>();
  private final Set<String> specials = new HashSet<>();
  private final PathRef path = new PathRef();
  private boolean rootSeen;
  private int goneWatches;

  StateRestore(
      Tree tree,
      DomainTable table,
      DomainRequests domainRequests,
      WatchTable watches,
      StoreHost host,
      Client anybody) {
    this.tree = tree;
    this.table = table;
    this.domainRequests = domainRequests;
    this.watches = watches;
    this.host = host;
    this.anybody = anybody;
  }

  /// @throws BadState if it is malformed, or holds an open transaction
  void read(InputStream in) throws IOException {
    StateReader reader = new StateReader(in);
    dropFirstNodes();
    while (reader.next()) {
      record(reader);
    }
    if (!rootSeen) {
      throw reader.bad("there is no node /");
    }
    for (Map.Entry<Domain, Integer> target : targets.entrySet()) {
      Domain other = table.domains().findKnown(target.getValue());
      if (other != null) {
        target.getKey().setTarget(other);
      }
    }
    if (!gone.isEmpty()) {
      host.log(
          "restored without "
              + gone.size()
              + " sockets, which are gone, and their "
              + goneWatches
              + " watches");
    }
  }

  /// What a fresh store has is in the stream, if it was there.
  private void dropFirstNodes() {
    for (Node top : tops()) {
      byte[] whole = Bytes.of("/" + Bytes.text(top.name()));
      if (tree.find(whole, 0, whole.length)) {
        tree.remove();
      }
    }
  }

  private List<Node> tops() {
    List<Node> tops = new ArrayList<>();
    Children children = tree.root().children();
    for (int slot = 0; slot < children.slots(); slot++) {
      Node child = children.at(slot);
      if (child != null) {
        tops.add(child);
      }
    }
    return tops;
  }

  private void record(StateReader in) throws BadState {
    switch (in.type()) {
      case StateStream.GLOBAL -> {}
      case StateStream.CONNECTION -> connection(in);
      case StateStream.WATCH -> watch(in, false);
      case StateStream.WATCH_EXT -> watch(in, true);
      case StateStream.TRANSACTION ->
          throw in.bad("an open transaction: transactions cannot be restored");
      case StateStream.NODE -> node(in);
      case StateStream.GLOBAL_QUOTA -> quotas(in, table.domains().general(), in.u16() + in.u16());
      case StateStream.DOMAIN -> domain(in);
      default -> throw in.bad("a record of the unknown type " + in.type());
    }
  }

  // ---- domains and their connections

  private Domain known(StateReader in, int domid) throws BadState {
    if (domid == 0 || domid >= DOMID_FIRST_RESERVED) {
      throw in.bad("domain " + domid + " is no guest");
    }
    Domain domain = table.know(domid);
    if (domain == null) {
      throw in.bad("domain " + domid + " does not exist");
    }
    return domain;
  }

  private void connection(StateReader in) throws BadState {
    int id = in.i32();
    int kind = in.u16();
    in.u16();
    int domid = in.u16();
    int target = in.u16();
    int port = in.i32();
    if (rings.containsKey(id) || gone.contains(id)) {
      throw in.bad("connection " + id + " comes twice");
    }
    if (kind != StateStream.RING || domid == 0) {
      gone.add(id);
      return;
    }
    Domain domain = known(in, domid);
    if (domain.isIntroduced()) {
      throw in.bad("domain " + domid + " has two rings");
    }
    try {
      rings.put(id, domainRequests.restore(domain, Math.max(1, port)));
    } catch (Refused e) {
      throw in.bad("the ring of domain " + domid + " cannot be connected: " + e.errno());
    }
    if (target != DOMID_INVALID && target != domid) {
      targets.put(domain, target);
    }
  }

  private void watch(StateReader in, boolean extended) throws BadState {
    int id = in.i32();
    int pathLength = in.u16();
    int tokenLength = in.u16();
    int depth = Watch.NO_DEPTH;
    if (extended) {
      depth = in.u16();
      in.u16();
    }
    byte[] watched = in.string(pathLength);
    byte[] token = in.string(tokenLength);
    Client client = rings.get(id);
    if (client == null) {
      if (!gone.contains(id)) {
        throw in.bad("a watch of connection " + id + ", which there is not");
      }
      goneWatches++;
      return;
    }
    setPath(in, client, watched);
    if (watches.find(client, path, token, 0, token.length) != null) {
      throw in.bad("a watch on " + Bytes.text(watched) + " comes twice");
    }
    watches.add(client, path, token, depth);
  }

  private void setPath(StateReader in, Client client, byte[] text) throws BadState {
    try {
      path.set(client, text, 0, text.length, true);
    } catch (Refused e) {
      throw in.bad("'" + printable(text) + "' is no path");
    }
  }

  private static String printable(byte[] text) {
    return Bytes.text(text).replaceAll("[^ -~]", "?");
  }

  private void quotas(StateReader in, Limits limits, int count) throws BadState {
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = in.i32();
      if (values[i] < 0) {
        throw in.bad("a quota of " + Integer.toUnsignedString(values[i]));
      }
    }
    for (int value : values) {
      String name = in.name();
      Optional<Quota> quota = Quota.ofLabel(name);
      if (quota.isPresent()) {
        limits.set(quota.get(), value);
      } else if (name.equals(Quota.SOFT_MEMORY_NAME)) {
        limits.setSoftMemory(value);
      } else {
        host.log("restored without the quota " + printable(Bytes.of(name)) + ", which is unknown");
      }
    }
  }

  private void domain(StateReader in) throws BadState {
    int domid = in.u16();
    int count = in.u16();
    int features = in.i32();
    if (domid == 0) {
      return;
    }
    Domain domain = known(in, domid);
    domain.setFeatures(features & table.features());
    quotas(in, domain.limits(), count);
  }

  // ---- nodes

  private void node(StateReader in) throws BadState {
    in.i32();
    if (in.i32() != 0) {
      throw in.bad("a node of an open transaction: transactions cannot be restored");
    }
    int pathLength = in.u16();
    int valueLength = in.u16();
    in.u16();
    Perms perms = perms(in, in.u16());
    byte[] name = in.string(pathLength);
    if (valueLength > StateStream.VALUE_BYTES_MAX) {
      throw in.bad("a value of " + valueLength + " bytes");
    }
    byte[] value = in.take(valueLength);
    if (name.length == 0 || (name[0] != '/' && name[0] != '@')) {
      throw in.bad("'" + printable(name) + "' is no absolute path");
    }
    setPath(in, anybody, name);
    put(in, value, perms);
  }

  private void put(StateReader in, byte[] value, Perms perms) throws BadState {
    boolean found = tree.find(path);
    if (path.isSpecial()) {
      if (!found || !specials.add(path.toString())) {
        throw in.bad(path + (found ? " comes twice" : " is unknown"));
      }
      tree.replace(tree.found().withContent(value, perms, tree.nextGeneration()));
    } else if (path.isRoot() && !rootSeen) {
      rootSeen = true;
      tree.replace(tree.found().withContent(value, perms, tree.nextGeneration()));
    } else if (found || !rootSeen) {
      throw in.bad(path + (found ? " comes twice" : " comes before /"));
    } else if (tree.missing(path.bytes(), path.end()) > 1) {
      throw in.bad(path + " comes before its parent");
    } else {
      tree.create(path.bytes(), path.end(), value, perms);
    }
  }

  private static Perms perms(StateReader in, int count) throws BadState {
    if (count == 0) {
      throw in.bad("a node without an owner");
    }
    int[] entries = new int[count];
    for (int i = 0; i < count; i++) {
      Optional<Integer> access = Perms.accessOf(in.u8());
      boolean ignored = (in.u8() & StateStream.ENTRY_IGNORED) != 0;
      int domid = in.u16();
      if (access.isEmpty()) {
        throw in.bad("an entry that is none of n, r, w, b");
      }
      int entry = Perms.entry(domid, access.get());
      entries[i] = ignored && i > 0 ? Perms.ignored(entry) : entry;
    }
    return Perms.of(entries);
  }
}
