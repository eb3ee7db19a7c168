package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainInfo;
import java.io.IOException;
import java.util.Optional;

/// Names and ids of domains (`libxl_name_to_domid` and around).
final class DomainNames {
  private static final String HOMES = "/local/domain/";

  private DomainNames() {}

  /// Returns a domain's name, or empty if the store has none.
  static Optional<String> nameOf(LibxlContext ctx, Domid domid) throws IOException {
    return ctx.xs().plain().read(HOMES + domid + "/name");
  }

  /// Returns the domain of the given name: asks for the names of all that there are.
  static Optional<Domid> byName(LibxlContext ctx, String name) throws IOException {
    for (DomainInfo info : ctx.domains().list()) {
      if (nameOf(ctx, info.domid()).orElse("").equals(name)) {
        return Optional.of(info.domid());
      }
    }
    return Optional.empty();
  }

  /// Returns the domain that a name or a decimal id stands for
  /// (`libxl_domain_qualifier_to_domid`). An id is not checked for existence.
  static Optional<Domid> byQualifier(LibxlContext ctx, String qualifier) throws IOException {
    boolean number = !qualifier.isEmpty() && qualifier.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!number) {
      return byName(ctx, qualifier);
    }
    int value = Numbers.orElse(qualifier, -1);
    return value >= 0 && value < Domid.FIRST_RESERVED
        ? Optional.of(Domid.of(value))
        : Optional.empty();
  }

  /// Returns the domain that serves a device.
  ///
  /// @param qualifier as configured; empty for dom0
  /// @throws LibxlException `INVAL` if there is none
  static Domid resolveBackend(LibxlContext ctx, String qualifier)
      throws IOException, LibxlException {
    if (qualifier.isEmpty()) {
      return Domid.DOM0;
    }
    return byQualifier(ctx, qualifier).orElseThrow(() -> new LibxlException(Rc.INVAL));
  }

  /// Returns the domain under whose home a backend's path lies; dom0 if the path is none of a
  /// backend.
  static Domid ownerOf(String backendPath) {
    if (!backendPath.startsWith(HOMES)) {
      return Domid.DOM0;
    }
    int end = backendPath.indexOf('/', HOMES.length());
    int value =
        Numbers.orElse(
            backendPath.substring(HOMES.length(), end < 0 ? backendPath.length() : end), 0);
    return value >= 0 && value < Domid.FIRST_RESERVED ? Domid.of(value) : Domid.DOM0;
  }
}
