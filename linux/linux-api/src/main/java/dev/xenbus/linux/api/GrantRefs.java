package dev.xenbus.linux.api;

/// Grant references with a fixed meaning.
public final class GrantRefs {
  /// No reference (`INVALID_GRANT_REF`).
  public static final int INVALID = -1;

  /// The console ring's page (`GNTTAB_RESERVED_CONSOLE`).
  public static final int CONSOLE = 0;

  /// The store ring's page (`GNTTAB_RESERVED_XENSTORE`).
  public static final int XENSTORE = 1;

  /// References below this one are set up by the domain builder.
  public static final int FIRST_FREE = 8;

  private GrantRefs() {}
}
