package dev.xenbus.xenstored.store;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The store: executes one request after the other. Each is executed completely, its events and
/// then
/// its reply are put into the outboxes of the clients, before the next one is looked at.
///
/// No threads, no I/O; the time is handed in. See `docs/misc/xenstore.txt`; facts on the order of
/// checks are those of `tools/xenstored/`.
public final class Store {
  /// What a type of request is: who may send it, whether its transaction id is looked at, what it
  /// does. Mirrors `wire_funcs[]` (`tools/xenstored/core.c`).
  private record Handler(boolean privileged, boolean ignoresTransaction, Action action) {}

  private interface Action {
    void run(Request request) throws Refused;
  }

  private final Dialect dialect;
  private final Domains domains;
  private final Tree tree;
  private final WatchTable watchTable = new WatchTable();
  private final Events events;
  private final Holds holds = new Holds();
  private final DirectView direct;
  private final WriteRate writeRate = new WriteRate();
  private final TransactionRequests transactions;
  private final WatchRequests watches;
  private final StoreHost host;
  private final DomainTable domainTable;
  private final DomainRequests domainRequests;
  private final ControlRequests control;
  private final Domain dom0;
  private final Request request;
  private final OcamlRequests ocaml;
  private final OcamlDomainRequests ocamlDomains;
  private final @Nullable Handler[] handlers;
  private @Nullable Journal journal;
  private int lastSocket;
  private long nowNanos;

  /// Makes a store with the nodes that it has at start, and with domain 0 known.
  ///
  /// @param host the world around it
  public Store(StoreHost host) {
    this(host, StoreSettings.USUAL);
  }

  /// Makes a store that answers and limits as it is told.
  ///
  /// @param host the world around it
  public Store(StoreHost host, StoreSettings settings) {
    this.dialect = settings.dialect();
    this.domains = new Domains(dialect);
    settings.quotas().forEach(domains.general()::set);
    settings.softMemory().ifPresent(domains.general()::setSoftMemory);
    this.tree = new Tree(domains);
    this.events = new Events(watchTable, tree, dialect, settings.watchEventNanos());
    this.direct = new DirectView(tree, events, holds);
    this.dom0 = domains.account(0);
    dom0.setKnown(0, new UUID(0, 0), dialect.features());
    Client anybody = new Client(dom0, true);
    this.request = new Request(anybody, direct);
    this.ocaml =
        new OcamlRequests(
            tree, domains, new OcamlEvents(watchTable, events), new Request(anybody, direct));
    this.transactions =
        new TransactionRequests(
            tree, domains, events, writeRate, holds, dialect.mergesTransactions() ? ocaml : null);
    this.watches = new WatchRequests(watchTable, events, transactions);
    // Room for all: those that the dialect lacks are taken out again.
    this.handlers = new Handler[Dialect.C.types()];
    this.host = host;
    this.domainTable = new DomainTable(domains, tree, events, direct, watches, host, settings);
    this.domainRequests = new DomainRequests(domainTable, events, host);
    this.ocamlDomains = new OcamlDomainRequests(domainTable, domainRequests);
    this.control = new ControlRequests(domains, tree, watchTable, host, this::dump);
    control.onSwitch(this::chooseJournal);
    fillTable();
    if (dialect.mergesTransactions()) {
      fillOcamlTable();
    }
    for (int type = dialect.types(); type < handlers.length; type++) {
      handlers[type] = null;
    }
    makeFirstNodes();
  }

  private void makeFirstNodes() {
    if (dialect.mergesTransactions()) {
      for (String name : List.of(Events.RELEASE_DOMAIN, Events.INTRODUCE_DOMAIN)) {
        makeNode("/" + name);
      }
      makeNode("/local");
      makeNode("/tool/xenstored");
      return;
    }
    tree.addSpecial(
        Events.RELEASE_DOMAIN,
        dialect.letsAllWatchReleases()
            ? Perms.of(Perms.entry(0, 0), Perms.entry(Domid.ANY.value(), Perms.READ))
            : Perms.of(Perms.entry(0, 0)));
    tree.addSpecial(Events.INTRODUCE_DOMAIN, Perms.of(Perms.entry(0, 0)));
    makeNode("/tool/xenstored");
  }

  private void makeNode(String name) {
    byte[] path = Bytes.of(name);
    tree.find(path, 0, path.length);
    tree.create(path, path.length, Bytes.EMPTY, tree.root().perms());
  }

  private void fillTable() {
    NodeRequests nodes = new NodeRequests(domainTable);
    QuotaRequests quotas = new QuotaRequests(domainTable);
    all(MessageType.DIRECTORY, nodes::directory);
    all(MessageType.READ, nodes::read);
    all(MessageType.GET_PERMS, nodes::getPerms);
    all(MessageType.WRITE, nodes::write);
    all(MessageType.MKDIR, nodes::mkdir);
    all(MessageType.RM, nodes::rm);
    all(MessageType.SET_PERMS, nodes::setPerms);
    all(MessageType.DIRECTORY_PART, nodes::directoryPart);
    handlers[MessageType.WATCH.code()] = new Handler(false, true, watches::watch);
    handlers[MessageType.UNWATCH.code()] = new Handler(false, true, watches::unwatch);
    all(MessageType.RESET_WATCHES, watches::resetWatches);
    all(MessageType.TRANSACTION_START, transactions::start);
    all(MessageType.TRANSACTION_END, transactions::end);
    all(MessageType.GET_DOMAIN_PATH, domainRequests::getDomainPath);
    all(MessageType.GET_FEATURE, domainRequests::getFeature);
    privileged(MessageType.SET_FEATURE, domainRequests::setFeature);
    privileged(MessageType.INTRODUCE, domainRequests::introduce);
    privileged(MessageType.RELEASE, domainRequests::release);
    privileged(MessageType.RESUME, domainRequests::resume);
    privileged(MessageType.SET_TARGET, domainRequests::setTarget);
    privileged(MessageType.IS_DOMAIN_INTRODUCED, domainRequests::isDomainIntroduced);
    privileged(MessageType.GET_QUOTA, quotas::getQuota);
    privileged(MessageType.SET_QUOTA, quotas::setQuota);
    privileged(MessageType.CONTROL, control::control);
  }

  private void fillOcamlTable() {
    for (MessageType type : MessageType.values()) {
      if (OcamlNodes.isAnsweredHere(type.code())) {
        all(type, ocaml::node);
      }
    }
    privileged(MessageType.INTRODUCE, ocamlDomains::introduce);
    privileged(MessageType.RELEASE, ocamlDomains::release);
    privileged(MessageType.RESUME, ocamlDomains::resume);
    privileged(MessageType.SET_TARGET, ocamlDomains::setTarget);
    privileged(MessageType.IS_DOMAIN_INTRODUCED, ocamlDomains::isDomainIntroduced);
  }

  private void all(MessageType type, Action action) {
    handlers[type.code()] = new Handler(false, false, action);
  }

  private void privileged(MessageType type, Action action) {
    handlers[type.code()] = new Handler(true, false, action);
  }

  // ---- clients

  /// Returns a new privileged client: a socket of domain 0, or a stream within the machine.
  public Client connect() {
    Client client = new Client(dom0, true);
    client.setLabel("A" + ++lastSocket);
    dom0.addClient(client);
    begun(client);
    return client;
  }

  /// Returns a new client that speaks for a guest and shares its account, or empty unless the guest
  /// is introduced.
  public Optional<Client> connectAs(int domid) {
    Domain domain = domains.findKnown(domid);
    if (domain == null || !domain.isIntroduced() || domid == 0) {
      return Optional.empty();
    }
    Client client = new Client(domain, false);
    domain.addClient(client);
    begun(client);
    return Optional.of(client);
  }

  private void begun(Client client) {
    Journal listener = journal;
    if (listener != null) {
      listener.connected(client);
    }
  }

  /// Connects the ring of domain 0, which nobody introduces.
  ///
  /// @throws XenstoreException if mapping or binding fails
  public void connectDom0(int port) throws XenstoreException {
    try {
      domainRequests.introduce(0, port);
    } catch (Refused e) {
      throw new XenstoreException(e.errno(), "ring of domain 0");
    }
  }

  /// A client is gone: its watches and transactions vanish silently, what waits for it is dropped.
  public void disconnect(Client client) {
    Journal listener = journal;
    if (listener != null) {
      listener.disconnected(client);
    }
    domainTable.disconnect(client);
  }

  /// A guest broke the protocol: it is neither read nor written any more, but stays until its
  /// domain
  /// dies, so that others hear of that (XSA-325).
  public void ignore(Client client) {
    watches.dropAll(client);
    client.out().clear();
    client.ignore();
  }

  /// Returns the client that speaks through a domain's ring, or empty unless it is introduced.
  public Optional<Client> ringOf(int domid) {
    Domain domain = domains.findKnown(domid);
    return domain == null ? Optional.empty() : Optional.ofNullable(domain.ring());
  }

  /// Returns whether a domain was introduced and is not gone.
  public boolean isIntroduced(int domid) {
    Domain domain = domains.findKnown(domid);
    return domain != null && domain.isIntroduced();
  }

  /// Has requests logged from the start, where the host has a file for that.
  public void logRequests() {
    control.logRequests(true);
    chooseJournal();
  }

  private void chooseJournal() {
    journal = control.tracesIo() ? host.journal() : null;
    events.tell(journal);
  }

  // ---- saving and restoring

  private boolean dump(String file) throws Refused {
    if (transactions.open() > 0) {
      host.log("no dump: " + openTransactionsText());
      throw Refused.EBUSY;
    }
    return host.dump(file, this::save);
  }

  private String openTransactionsText() {
    StringJoiner who = new StringJoiner(", ");
    for (Domain domain = domains.next(0);
        domain != null;
        domain = domains.next(domain.domid() + 1)) {
      for (Client client : domain.clients()) {
        if (!client.transactions().isEmpty()) {
          who.add(client.label() + " has " + client.transactions().size());
        }
      }
    }
    return "transactions are open: " + who;
  }

  /// Writes everything that outlives the daemon: nodes with permissions, domains with their limits,
  /// rings with their watches. Sockets and their watches do not.
  ///
  /// @throws IOException if `out` takes no more
  /// @throws IllegalStateException if a transaction is open
  public void save(OutputStream out) throws IOException {
    if (transactions.open() > 0) {
      throw new IllegalStateException(openTransactionsText());
    }
    new StateWriter(out, domains).write(tree);
  }

  /// Takes what [#save], or the C daemon at a live update, wrote. To be called on a fresh store,
  /// before anybody is served; if it fails the store is of no use.
  ///
  /// @throws BadState if it is malformed
  /// @throws IOException if it cannot be read
  public void restore(InputStream in) throws IOException {
    Client anybody = new Client(dom0, true);
    new StateRestore(tree, domainTable, domainRequests, watchTable, this.host, anybody).read(in);
  }

  // ---- time and domains

  /// Says what time it is, in nanoseconds from any origin, never less than before.
  public void setTime(long nanos) {
    nowNanos = nanos;
  }

  long time() {
    return nowNanos;
  }

  /// Looks for domains that stopped or died, and tells who watches for it.
  public void scanDomains() {
    events.begin(null, nowNanos);
    domainTable.scan();
  }

  /// Drops what a guest did not take in time, and lets it write again if it was too fast.
  public void refresh(Client client) {
    if (client.heldUntil() <= nowNanos) {
      client.setHeldUntil(Client.NOT_HELD);
    }
    if (!client.isPrivileged()) {
      client.out().expire(nowNanos);
      writeRate.refill(client.domain(), nowNanos);
    }
  }

  /// Returns when [#refresh] may next change something for a client, in the time of [#setTime]; the
  /// largest number for never.
  public long nextChange(Client client) {
    if (client.isHeld()) {
      return client.heldUntil();
    }
    if (client.isPrivileged()) {
      return Long.MAX_VALUE;
    }
    long credit =
        client.domain().credit().isOverdrawn()
            ? nowNanos + WriteRate.NANOS_PER_WRITE
            : Long.MAX_VALUE;
    return Math.min(credit, client.out().nextDeadline());
  }

  // ---- requests

  /// Executes the request at the given place: a whole message, with a valid length.
  ///
  /// @param client who sent it
  /// @param buffer what it is in; not kept
  /// @param offset where its header starts
  /// @return false if the request must wait for a transaction of somebody else to end: it was not
  ///     executed, and is to be tried again once the client is not [Client#isHeld]
  public boolean answer(Client client, byte[] buffer, int offset) {
    Blame blame = client.isPrivileged() ? null : new Blame(client);
    events.begin(blame, nowNanos);
    transactions.begin(nowNanos);
    holds.begin(nowNanos);
    request.set(client, buffer, offset, direct, blame);
    Journal listener = journal;
    if (listener != null) {
      listener.request(
          client, request.type(), request.transactionId(), buffer, request.start(), request.end());
    }
    try {
      execute(client);
    } catch (Refused e) {
      if (e.isHeld()) {
        if (blame != null) {
          blame.cancel();
        }
        if (listener != null) {
          listener.takeBack();
        }
        return false;
      }
      request.fail(e);
      if (listener != null) {
        listener.failed(
            client, request.transactionId(), Bytes.text(e.wireName(), 0, e.wireName().length - 1));
      }
    }
    return true;
  }

  /// Returns the next client that is not [Client#isHeld] any more, or empty if that is all.
  public Optional<Client> nextResumed() {
    return Optional.ofNullable(holds.nextResumed());
  }

  private void execute(Client client) throws Refused {
    int type = request.type();
    Handler handler = type >= 0 && type < handlers.length ? handlers[type] : null;
    if (dialect.mergesTransactions() && (handler == null || !handler.ignoresTransaction)) {
      enterTransaction(client);
    }
    if (handler == null) {
      throw Refused.ENOSYS;
    }
    if (handler.privileged && !client.mayDoAll()) {
      if (type == MessageType.CONTROL.code() && dialect.shrugsAtControl()) {
        request.ok();
        return;
      }
      throw Refused.EACCES;
    }
    if (!dialect.mergesTransactions() && !handler.ignoresTransaction) {
      enterTransaction(client);
    }
    long before = tree.generation();
    handler.action.run(request);
    if (!client.isPrivileged()
        && transactions.open() > 0
        && request.transaction() == null
        && !dialect.mergesTransactions()
        && tree.generation() != before) {
      writeRate.charge(client.domain(), nowNanos);
    }
  }

  private void enterTransaction(Client client) throws Refused {
    if (request.transactionId() != 0) {
      OpenTransaction transaction = client.transaction(request.transactionId());
      if (transaction == null) {
        throw dialect.unknownTransaction();
      }
      request.enter(transaction);
      if (transaction instanceof OcamlTransaction counting) {
        int type = request.type();
        boolean ends = type == MessageType.TRANSACTION_END.code();
        counting.count(ends || OcamlNodes.isAnsweredHere(type));
      }
    }
  }

  /// Counts everything anew and compares with the accounts: one line for each difference.
  public List<String> check() {
    return new ConsistencyCheck(tree, domains).run();
  }

  /// Returns how many paths are watched.
  public int watchedPaths() {
    return watchTable.paths();
  }

  /// Returns how many transactions are open.
  public int openTransactions() {
    return transactions.open();
  }
}
