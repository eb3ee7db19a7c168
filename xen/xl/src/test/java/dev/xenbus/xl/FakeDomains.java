package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainImage;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.TreeMap;
import java.util.UUID;

/// A hypervisor's table of domains, and nothing behind it.
final class FakeDomains implements DomainControl {
  private record Row(
      DomainSpec spec, int pauses, boolean built, boolean dying, Optional<ShutdownReason> reason) {}

  private final TreeMap<Domid, Row> rows = new TreeMap<>();
  private final SequencedSet<Domid> keptAlive = new LinkedHashSet<>();
  private int last;

  /// Makes a table with dom0 in it.
  public FakeDomains() {
    rows.put(
        Domid.DOM0,
        new Row(new DomainSpec(new UUID(0, 0), 1024, 1), 0, true, false, Optional.empty()));
  }

  /// Makes a domain one that stays as a zombie when it is destroyed.
  public void keepAlive(Domid domid) {
    keptAlive.add(domid);
  }

  /// The last mapping of a zombie is gone.
  public void release(Domid domid) {
    rows.remove(domid);
  }

  /// The next domain gets the id behind this one.
  public void lastDomid(int domid) {
    last = domid;
  }

  /// Returns what a domain was made as.
  public DomainSpec spec(Domid domid) throws HypercallException {
    return row(domid).spec();
  }

  public int pauses(Domid domid) throws HypercallException {
    return row(domid).pauses();
  }

  @Override
  public Domid create(DomainSpec spec) {
    Domid domid = spec.domid().orElseGet(() -> Domid.of(++last));
    rows.put(domid, new Row(spec, 1, false, false, Optional.empty()));
    return domid;
  }

  private Row row(Domid domid) throws HypercallException {
    Row row = rows.get(domid);
    if (row == null) {
      throw new HypercallException(Errno.ESRCH, "no domain " + domid);
    }
    return row;
  }

  @Override
  public BuiltDomain build(Domid domid, BootSpec boot) throws HypercallException {
    Row row = row(domid);
    rows.put(domid, new Row(row.spec(), row.pauses(), true, false, row.reason()));
    return new BuiltDomain(260095, 1, 260094, 2);
  }

  @Override
  public void pause(Domid domid) throws HypercallException {
    Row row = row(domid);
    rows.put(domid, new Row(row.spec(), row.pauses() + 1, row.built(), row.dying(), row.reason()));
  }

  @Override
  public void unpause(Domid domid) throws HypercallException {
    Row row = row(domid);
    if (row.pauses() == 0) {
      throw new HypercallException(Errno.EINVAL, "not paused");
    }
    rows.put(domid, new Row(row.spec(), row.pauses() - 1, row.built(), row.dying(), row.reason()));
  }

  @Override
  public void resume(Domid domid) throws HypercallException {
    Row row = row(domid);
    rows.put(domid, new Row(row.spec(), row.pauses(), row.built(), row.dying(), Optional.empty()));
  }

  private record Image(int pages, boolean isUsable) implements DomainImage {}

  @Override
  public DomainImage save(Domid domid) throws HypercallException {
    if (!row(domid).reason().equals(Optional.of(ShutdownReason.SUSPEND))) {
      throw new HypercallException(Errno.EINVAL, "not suspended");
    }
    return new Image(1, true);
  }

  @Override
  public void restore(Domid domid, DomainImage image) throws HypercallException {
    if (!row(domid).built()) {
      throw new HypercallException(Errno.EINVAL, "not built");
    }
  }

  @Override
  public void discard(DomainImage image) {
    throw new UnsupportedOperationException("nothing is kept here");
  }

  @Override
  public void sleepMachine(long nanos) {
    throw new UnsupportedOperationException("there is no machine here");
  }

  @Override
  public void shutdown(Domid domid, ShutdownReason reason) throws HypercallException {
    Row row = row(domid);
    rows.put(
        domid, new Row(row.spec(), row.pauses(), row.built(), row.dying(), Optional.of(reason)));
  }

  @Override
  public void destroy(Domid domid) throws HypercallException {
    Row row = row(domid);
    if (keptAlive.contains(domid)) {
      rows.put(domid, new Row(row.spec(), row.pauses(), row.built(), true, row.reason()));
    } else {
      rows.remove(domid);
    }
  }

  @Override
  public Optional<DomainInfo> info(Domid domid) {
    return Optional.ofNullable(rows.get(domid)).map(row -> info(domid, row));
  }

  private static DomainInfo info(Domid domid, Row row) {
    boolean runs = row.pauses() == 0 && row.reason().isEmpty() && !row.dying();
    return new DomainInfo(
        domid,
        row.spec().uuid(),
        row.dying(),
        row.reason(),
        row.pauses() > 0,
        runs && !domid.equals(Domid.DOM0),
        domid.equals(Domid.DOM0),
        row.dying() ? 1 : row.spec().memoryMib() * 256L,
        row.spec().memoryMib() * 256L,
        row.spec().vcpus(),
        7_000_000_000L);
  }

  @Override
  public List<DomainInfo> list() {
    return rows.entrySet().stream().map(entry -> info(entry.getKey(), entry.getValue())).toList();
  }

  @Override
  public long freeMib() {
    return 4096;
  }
}
