package dev.xenbus.xenstored.store;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Writes a store as a [StateStream]: limits, the rings of introduced domains with their watches,
/// all nodes, domains. Connections over sockets end with the daemon, and are left out.
final class StateWriter {
  private static final int ENTRY_BYTES = 4;
  private static final int NODE_FIXED = 16;

  private final OutputStream out;
  private final Domains domains;
  private ByteBuffer body = ByteBuffer.allocate(1 << 13).order(ByteOrder.LITTLE_ENDIAN);

  StateWriter(OutputStream out, Domains domains) {
    this.out = out;
    this.domains = domains;
  }

  /// @throws IOException if the stream takes no more
  void write(Tree tree) throws IOException {
    ByteBuffer preamble = ByteBuffer.allocate(16);
    preamble.put(StateStream.MAGIC).putInt(StateStream.VERSION).putInt(0);
    out.write(preamble.array());
    begin(8).putInt(-1).putInt(-1);
    end(StateStream.GLOBAL);
    writeGlobalQuotas();
    for (Domain domain : known()) {
      writeRing(domain);
    }
    writeNodes(tree.root(), Bytes.of("/"));
    Children specials = tree.specials().children();
    for (int slot = 0; slot < specials.slots(); slot++) {
      Node special = specials.at(slot);
      if (special != null) {
        writeNodes(special, special.name());
      }
    }
    for (Domain domain : known()) {
      writeDomain(domain);
    }
    begin(0);
    end(StateStream.END);
  }

  private List<Domain> known() {
    List<Domain> known = new ArrayList<>();
    for (Domain domain = domains.next(1);
        domain != null;
        domain = domains.next(domain.domid() + 1)) {
      if (domain.isKnown()) {
        known.add(domain);
      }
    }
    return known;
  }

  private ByteBuffer begin(int bytes) {
    if (body.capacity() < bytes) {
      body = ByteBuffer.allocate(2 * bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
    return body.clear();
  }

  private void end(int type) throws IOException {
    int length = body.position();
    ByteBuffer head = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    out.write(head.putInt(type).putInt(length).array());
    out.write(body.array(), 0, length);
    out.write(new byte[StateStream.padding(length)]);
  }

  private void writeGlobalQuotas() throws IOException {
    Map<String, Integer> quotas = new TreeMap<>();
    for (Quota quota : Quota.values()) {
      quotas.put(quota.label(), domains.general().value(quota));
    }
    quotas.put(Quota.SOFT_MEMORY_NAME, domains.general().softMemory());
    begin(1 << 10).putShort((short) quotas.size()).putShort((short) 0);
    putQuotas(quotas);
    end(StateStream.GLOBAL_QUOTA);
  }

  private void putQuotas(Map<String, Integer> quotas) {
    quotas.values().forEach(body::putInt);
    quotas.keySet().forEach(name -> body.put(Bytes.of(name + "\0")));
  }

  private void writeRing(Domain domain) throws IOException {
    Client ring = domain.ring();
    if (ring == null) {
      return;
    }
    Domain target = domain.target();
    // "No target" is DOMID_INVALID.
    int targetDomid = target == null ? 0x7FF4 : target.domid();
    begin(32).putInt(domain.domid()).putShort((short) StateStream.RING).putShort((short) 0);
    body.putShort((short) domain.domid()).putShort((short) targetDomid).putInt(domain.port());
    body.putShort((short) 0).putShort((short) 0).putInt(0);
    end(StateStream.CONNECTION);
    for (Watch watch : ring.watches()) {
      writeWatch(domain.domid(), watch);
    }
  }

  private void writeWatch(int connection, Watch watch) throws IOException {
    byte[] whole = watch.list().path();
    byte[] path = Arrays.copyOfRange(whole, watch.relativeCut(), whole.length);
    byte[] token = watch.token();
    begin(path.length + token.length + 32).putInt(connection);
    body.putShort((short) (path.length + 1)).putShort((short) (token.length + 1));
    if (watch.hasDepth()) {
      body.putShort((short) watch.depth()).putShort((short) 0);
    }
    body.put(path).put((byte) 0).put(token).put((byte) 0);
    end(watch.hasDepth() ? StateStream.WATCH_EXT : StateStream.WATCH);
  }

  private void writeNodes(Node top, byte[] topPath) throws IOException {
    SubtreeWalk walk = new SubtreeWalk(top, topPath, 0, topPath.length);
    while (walk.next()) {
      if (!walk.isLeaving()) {
        writeNode(walk.node(), walk.path(), walk.pathLength());
      }
    }
  }

  private void writeNode(Node node, byte[] path, int pathLength) throws IOException {
    Perms perms = node.perms();
    byte[] value = node.value();
    begin(NODE_FIXED + ENTRY_BYTES * perms.size() + pathLength + 1 + value.length);
    body.putInt(0).putInt(0).putShort((short) (pathLength + 1)).putShort((short) value.length);
    body.putShort((short) 0).putShort((short) perms.size());
    for (int i = 0; i < perms.size(); i++) {
      int entry = perms.entryAt(i);
      boolean ignored = i > 0 && (Perms.isIgnored(entry) || isOfPredecessor(entry, node));
      body.put(Perms.letter(entry)).put((byte) (ignored ? StateStream.ENTRY_IGNORED : 0));
      body.putShort((short) Perms.domid(entry));
    }
    body.put(path, 0, pathLength).put((byte) 0).put(value);
    end(StateStream.NODE);
  }

  /// Generations are not saved; what they say of entries is.
  private boolean isOfPredecessor(int entry, Node node) {
    Domain domain = domains.findKnown(Perms.domid(entry));
    return domain != null && domain.generation() > node.generation();
  }

  private void writeDomain(Domain domain) throws IOException {
    Map<String, Integer> quotas = domain.limits().own();
    begin(1 << 10).putShort((short) domain.domid()).putShort((short) quotas.size());
    body.putInt(domain.features());
    putQuotas(quotas);
    end(StateStream.DOMAIN);
  }
}
