package dev.xenbus.hypervisor;

/// What happens to pages and domains, told to whoever listens to the machine's trace, as the point
/// of the same name with two numbers.
public enum XenFact {
  /// The machine has so many pages (first number); told once, before anything else.
  PAGES_TOTAL("pages_total"),

  /// So many pages (first number) are nobody's now.
  PAGES_FREE("pages_free"),

  /// A domain (first number) owns so many pages (second number) now; a zombie too.
  PAGES_OWNED("pages_owned"),

  /// A frame (first number) has left the pool.
  FRAME_TAKE("frame_take"),

  /// A frame (first number) goes back to the pool.
  FRAME_GIVE("frame_give"),

  /// A domain (first number) is dead: it maps nothing any more, and is kept by others alone.
  DOMAIN_DEAD("domain_dead"),

  /// A domain (first number) is destroyed: nothing refers to it.
  DOMAIN_GONE("domain_gone");

  private final String point;

  XenFact(String point) {
    this.point = point;
  }

  /// Returns the name of its trace point.
  public String point() {
    return point;
  }
}
