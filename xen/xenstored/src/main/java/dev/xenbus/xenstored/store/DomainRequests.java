package dev.xenbus.xenstored.store;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.xenstore.XenstoreLimits;
import java.nio.charset.StandardCharsets;

/// The requests about domains: INTRODUCE, RELEASE, RESUME, SET_TARGET, IS_DOMAIN_INTRODUCED,
/// GET_DOMAIN_PATH, GET_FEATURE, SET_FEATURE.
final class DomainRequests {
  private static final String YES = "T";
  private static final String NO = "F";

  private final DomainTable table;
  private final Events events;
  private final StoreHost host;

  DomainRequests(DomainTable table, Events events, StoreHost host) {
    this.table = table;
    this.events = events;
    this.host = host;
  }

  void introduce(Request request) throws Refused {
    if (request.strings() < 3) {
      throw Refused.EINVAL;
    }
    int domidEnd = request.firstString();
    int frameEnd = request.nul(domidEnd + 1);
    int domid = Numbers.domid(request.buffer(), request.start(), domidEnd);
    long port = Numbers.leading(request.buffer(), frameEnd + 1, request.nul(frameEnd + 1));
    if (port <= 0) {
      throw Refused.EINVAL;
    }
    introduce(domid, (int) port);
    request.ok();
  }

  /// Connects a domain's ring, or connects it anew.
  ///
  /// @throws Refused what mapping or binding said
  Client introduce(int domid, int port) throws Refused {
    Domain domain = table.domains().findKnown(domid);
    if (domain != null && domid != 0 && table.isStale(domain)) {
      table.destroy(domain);
    }
    domain = table.know(domid);
    if (domain == null) {
      throw Refused.EINVAL;
    }
    Client ring = domain.ring();
    boolean first = ring == null;
    if (ring == null) {
      ring = new Client(domain, domid == 0);
    } else {
      table.reset(ring);
    }
    connect(ring, port);
    if (first) {
      domain.introduce(ring);
      domain.addClient(ring);
      if (domid != 0) {
        events.fireSpecial(Events.INTRODUCE_DOMAIN);
        events.fireSpecial(Events.INTRODUCE_DOMAIN, domid);
      }
    }
    domain.setPort(port);
    return ring;
  }

  /// Connects the ring of a domain that was introduced before the store was saved: no event.
  ///
  /// @throws Refused what mapping or binding said
  Client restore(Domain domain, int port) throws Refused {
    Client ring = new Client(domain, false);
    connect(ring, port);
    domain.introduce(ring);
    domain.addClient(ring);
    domain.setPort(port);
    return ring;
  }

  /// Connects a ring to another port; nothing else changes.
  ///
  /// @throws Refused what binding said
  void rebind(Client ring, int port) throws Refused {
    if (ring.domain().port() != port) {
      connect(ring, port);
      ring.domain().setPort(port);
    }
  }

  private void connect(Client ring, int port) throws Refused {
    try {
      host.connectRing(ring, port);
    } catch (HypercallException e) {
      host.log("cannot connect the ring of domain " + ring.domid() + ": " + e.getMessage());
      throw Refused.with(e.errno());
    }
  }

  void release(Request request) throws Refused {
    Domain domain = onlyGuest(request);
    table.destroy(domain);
    request.ok();
  }

  void resume(Request request) throws Refused {
    onlyGuest(request).setShutdown(false);
    request.ok();
  }

  private Domain onlyGuest(Request request) throws Refused {
    int domid = onlyDomid(request);
    if (domid == 0) {
      throw Refused.EINVAL;
    }
    return table.introduced(domid);
  }

  private static int onlyDomid(Request request) throws Refused {
    int end = request.onlyString();
    return Numbers.domid(request.buffer(), request.start(), end);
  }

  void setTarget(Request request) throws Refused {
    if (request.strings() < 2) {
      throw Refused.EINVAL;
    }
    int firstEnd = request.firstString();
    int domid = Numbers.domid(request.buffer(), request.start(), firstEnd);
    int target = Numbers.domid(request.buffer(), firstEnd + 1, request.nul(firstEnd + 1));
    Domain domain = table.introduced(domid);
    domain.setTarget(table.introduced(target));
    request.ok();
  }

  void isDomainIntroduced(Request request) throws Refused {
    int domid = onlyDomid(request);
    Domain domain = table.domains().findKnown(domid);
    boolean yes = domid == Domid.SELF.value() || (domain != null && domain.isIntroduced());
    request.reply(yes ? YES : NO);
  }

  void getDomainPath(Request request) throws Refused {
    int domid = onlyDomid(request);
    Outbox out = request.begin();
    out.put(XenstoreLimits.DOMAIN_HOME_PREFIX.getBytes(StandardCharsets.US_ASCII));
    out.putNumber(domid);
    out.put(0);
    request.finish();
  }

  void getFeature(Request request) throws Refused {
    String[] arguments = request.texts();
    int features = request.client().features();
    if (arguments.length > 0) {
      if (!request.client().isPrivileged()) {
        throw Refused.EACCES;
      }
      if (arguments.length > 1) {
        throw Refused.EINVAL;
      }
      Domain domain = table.know(Numbers.domid(arguments[0]));
      if (domain == null) {
        throw Refused.ENOENT;
      }
      features = domain.features();
    }
    request.reply(Integer.toString(features));
  }

  void setFeature(Request request) throws Refused {
    String[] arguments = request.texts();
    if (arguments.length != 2) {
      throw Refused.EINVAL;
    }
    int domid = Numbers.domid(arguments[0]);
    int mask = Numbers.number(arguments[1]);
    Domain domain = table.know(domid);
    if (domain == null) {
      throw Refused.ENOENT;
    }
    if (domain.isIntroduced()) {
      throw Refused.EBUSY;
    }
    if ((mask & ~table.features()) != 0) {
      throw Refused.EINVAL;
    }
    domain.setFeatures(mask);
    request.ok();
  }
}
