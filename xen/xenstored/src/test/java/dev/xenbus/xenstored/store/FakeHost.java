package dev.xenbus.xenstored.store;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.HypercallException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/// A hypervisor of which a test says which domains exist.
final class FakeHost implements StoreHost {
  final Map<Integer, DomainStatus> domains = new TreeMap<>();
  final List<String> log = new ArrayList<>();
  final List<String> connected = new ArrayList<>();
  final List<Client> disconnected = new ArrayList<>();
  boolean refuseRings;
  private long lives;

  void create(int domid) {
    domains.put(domid, new DomainStatus(new UUID(1, ++lives), false, false));
  }

  void stop(int domid) {
    domains.computeIfPresent(domid, (id, s) -> new DomainStatus(s.uuid(), true, false));
  }

  void restart(int domid) {
    domains.computeIfPresent(domid, (id, s) -> new DomainStatus(s.uuid(), false, false));
  }

  void die(int domid) {
    domains.remove(domid);
  }

  @Override
  public Optional<DomainStatus> status(int domid) {
    return Optional.ofNullable(domains.get(domid));
  }

  @Override
  public void connectRing(Client ring, int port) throws HypercallException {
    if (refuseRings) {
      throw new HypercallException(Errno.ESRCH, "no ring");
    }
    connected.add(ring.domid() + ":" + port);
  }

  @Override
  public void disconnected(Client client) {
    disconnected.add(client);
  }

  @Override
  public void log(String line) {
    log.add(line);
  }

  @Override
  public boolean openTrace(String file) {
    return !file.isEmpty();
  }

  @Override
  public boolean report(String file, String text) {
    log.add("report " + file);
    return !file.isEmpty();
  }
}
