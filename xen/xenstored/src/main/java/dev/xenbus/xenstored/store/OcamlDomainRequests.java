package dev.xenbus.xenstored.store;

import dev.xenbus.abi.Domid;

/// The requests about domains as oxenstored answers them.
///
/// A domain may be introduced again with the frame that it has, which changes nothing but its port:
/// its watches and transactions stay.
final class OcamlDomainRequests {
  private final DomainTable table;
  private final DomainRequests general;

  OcamlDomainRequests(DomainTable table, DomainRequests general) {
    this.table = table;
    this.general = general;
  }

  void introduce(Request request) throws Refused {
    if (request.strings() < 2 || (request.strings() == 2 && request.endsWithNul())) {
      throw Refused.EINVAL;
    }
    int domidEnd = request.firstString();
    int frameEnd = request.nul(domidEnd + 1);
    int portEnd = request.nul(frameEnd + 1);
    byte[] bytes = request.buffer();
    int domid = Numbers.literal(bytes, request.start(), domidEnd);
    int port = Numbers.literal(bytes, frameEnd + 1, portEnd < 0 ? request.end() : portEnd);
    long frame = frame(bytes, domidEnd + 1, frameEnd);
    if (domid == 0) {
      throw Refused.EINVAL;
    }
    Domain known = table.domains().findKnown(domid);
    Client ring = known == null || table.isStale(known) ? null : known.ring();
    if (known == null || ring == null) {
      general.introduce(domid, port).domain().setFrame(frame);
    } else if (known.frame() != Domain.NO_FRAME && known.frame() != frame) {
      throw Refused.EINVAL;
    } else {
      general.rebind(ring, port);
    }
    request.ok();
  }

  /// What is no number at all is an internal error there.
  private static long frame(byte[] bytes, int start, int end) throws Refused {
    boolean hex = end - start > 2 && bytes[start] == '0' && (bytes[start + 1] | 0x20) == 'x';
    try {
      String text = Bytes.text(bytes, hex ? start + 2 : start, end);
      return Long.parseUnsignedLong(text, hex ? 16 : 10);
    } catch (NumberFormatException _) {
      throw Refused.EIO;
    }
  }

  /// Differs: oxenstored takes domain 0 for any other one, and removes everything that it owns.
  void release(Request request) throws Refused {
    int domid = domid(request, request.onlyString());
    if (domid == 0) {
      throw Refused.EINVAL;
    }
    table.destroy(table.introduced(domid));
    request.ok();
  }

  void resume(Request request) throws Refused {
    int domid = domid(request, request.onlyString());
    if (domid != 0) {
      table.introduced(domid);
    }
    request.ok();
  }

  /// The target need not exist; what is no number is domain 0.
  void setTarget(Request request) throws Refused {
    if (request.strings() != 2 || !request.endsWithNul()) {
      throw Refused.EINVAL;
    }
    int firstEnd = request.firstString();
    byte[] bytes = request.buffer();
    long target = Numbers.anywhere(bytes, firstEnd + 1, request.nul(firstEnd + 1));
    long domid = Numbers.anywhere(bytes, request.start(), firstEnd);
    Domain domain = domid > Numbers.DOMID_MAX ? null : table.domains().findKnown((int) domid);
    if (domain == null || (domain.domid() != 0 && !domain.isIntroduced())) {
      throw Refused.ENOENT;
    }
    domain.setTarget(table.domains().account((int) Math.min(target, Numbers.DOMID_MAX)));
    request.ok();
  }

  void isDomainIntroduced(Request request) throws Refused {
    int domid = domid(request, request.onlyString());
    Domain domain = table.domains().findKnown(domid);
    boolean yes = domid == Domid.SELF.value() || (domain != null && domain.isIntroduced());
    request.reply(yes ? "T" : "F");
  }

  private static int domid(Request request, int end) throws Refused {
    return Numbers.literal(request.buffer(), request.start(), end);
  }
}
