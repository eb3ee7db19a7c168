package dev.xenbus.testkit;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.Page;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// What the kernels of one test share: who granted what to whom, and who is bound to whom.
public final class TestXen {
  private static final int PAGE_BYTES = 4096;

  /// A grant.
  ///
  /// @param page what was granted
  /// @param remote to whom
  /// @param mapped how often it is mapped now
  record Grant(Page page, Domid remote, AtomicInteger mapped) {}

  private final Arena arena = Arena.ofAuto();
  private final AtomicInteger numbers = new AtomicInteger(8);
  private final Map<String, Grant> grants = new ConcurrentSkipListMap<>();
  private final Map<String, TestChannel> ports = new ConcurrentSkipListMap<>();

  /// Makes a host without domains.
  public TestXen() {}

  /// Returns a fresh page, zeroed, aligned, native.
  public MemorySegment page() {
    return arena.allocate(PAGE_BYTES, PAGE_BYTES);
  }

  int nextNumber() {
    return numbers.getAndIncrement();
  }

  private static String key(Domid domid, int number) {
    return domid + "/" + number;
  }

  int grant(Domid owner, Page page, Domid remote) {
    int ref = nextNumber();
    grants.put(key(owner, ref), new Grant(page, remote, new AtomicInteger()));
    return ref;
  }

  @Nullable Grant grantOf(Domid owner, int ref) {
    return grants.get(key(owner, ref));
  }

  void endGrant(Domid owner, int ref) {
    grants.remove(key(owner, ref));
  }

  /// Returns how many grants there are.
  public int grantCount() {
    return grants.size();
  }

  /// Returns how many mappings of grants there are.
  public int mappingCount() {
    return grants.values().stream().mapToInt(grant -> grant.mapped().get()).sum();
  }

  void addPort(Domid owner, TestChannel channel) {
    ports.put(key(owner, channel.port()), channel);
  }

  void removePort(Domid owner, TestChannel channel) {
    ports.remove(key(owner, channel.port()));
  }

  @Nullable TestChannel port(Domid owner, int port) {
    return ports.get(key(owner, port));
  }

  /// Returns how many ports are open.
  public int portCount() {
    return ports.size();
  }
}
