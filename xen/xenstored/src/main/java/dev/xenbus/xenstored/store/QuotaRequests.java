package dev.xenbus.xenstored.store;

import java.util.Optional;
import java.util.StringJoiner;

/// The requests about quotas: GET_QUOTA, SET_QUOTA.
final class QuotaRequests {
  private final DomainTable table;

  QuotaRequests(DomainTable table) {
    this.table = table;
  }

  void getQuota(Request request) throws Refused {
    String[] arguments = request.texts();
    if (arguments.length > 2) {
      throw Refused.EINVAL;
    }
    if (arguments.length == 0) {
      request.reply(names());
      return;
    }
    Limits limits = limits(arguments, arguments.length == 2);
    String name = arguments[arguments.length - 1];
    request.reply(Integer.toString(value(limits, name)));
  }

  private static String names() {
    StringJoiner names = new StringJoiner(" ");
    for (Quota quota : Quota.values()) {
      names.add(quota.label());
    }
    return names.add(Quota.SOFT_MEMORY_NAME).toString();
  }

  private static int value(Limits limits, String name) throws Refused {
    return name.equals(Quota.SOFT_MEMORY_NAME) ? limits.softMemory() : limits.value(quota(name));
  }

  void setQuota(Request request) throws Refused {
    String[] arguments = request.texts();
    if (arguments.length != 2 && arguments.length != 3) {
      throw Refused.EINVAL;
    }
    String name = arguments[arguments.length - 2];
    int value = Numbers.number(arguments[arguments.length - 1]);
    boolean soft = name.equals(Quota.SOFT_MEMORY_NAME);
    Optional<Quota> quota = soft ? Optional.empty() : Optional.of(quota(name));
    Limits limits = limits(arguments, arguments.length == 3);
    if (quota.isPresent()) {
      limits.set(quota.get(), value);
    } else {
      limits.setSoftMemory(value);
    }
    request.ok();
  }

  private Limits limits(String[] arguments, boolean ofDomain) throws Refused {
    if (!ofDomain) {
      return table.domains().general();
    }
    Domain domain = table.know(Numbers.domid(arguments[0]));
    if (domain == null) {
      throw Refused.ENOENT;
    }
    return domain.limits();
  }

  private static Quota quota(String name) throws Refused {
    return Quota.ofLabel(name).orElseThrow(() -> Refused.EINVAL);
  }
}
