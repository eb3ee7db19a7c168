package dev.xenbus.abi.xenstore;

/// A well-formed path of a node: absolute, or relative to the home of the connection's domain.
///
/// Characters are `A-Z a-z 0-9 - / _ @`; no component is empty; only the root ends in a slash; an
/// absolute path has at most 3072 bytes, a relative one 2048; it does not start with `@`.
///
/// @param value the path
public record StorePath(String value) {
  /// The root, `/`.
  public static final StorePath ROOT = new StorePath("/");

  /// Checks the form.
  ///
  /// @throws IllegalArgumentException if it is not well-formed
  public StorePath {
    if (!isValid(value)) {
      throw new IllegalArgumentException("no store path: " + value);
    }
  }

  /// Returns the path with the given text.
  ///
  /// @throws IllegalArgumentException if it is not well-formed
  public static StorePath of(String value) {
    return new StorePath(value);
  }

  /// Returns the home of a domain, `/local/domain/N`.
  public static StorePath home(int domid) {
    return new StorePath(XenstoreLimits.DOMAIN_HOME_PREFIX + domid);
  }

  /// Returns whether a text is a well-formed path.
  public static boolean isValid(String text) {
    if (text.isEmpty() || text.charAt(0) == '@') {
      return false;
    }
    boolean absolute = text.charAt(0) == '/';
    int bytesMax =
        absolute ? XenstoreLimits.ABSOLUTE_PATH_BYTES_MAX : XenstoreLimits.RELATIVE_PATH_BYTES_MAX;
    return text.length() <= bytesMax && hasValidShape(text);
  }

  static boolean hasValidShape(String text) {
    char previous = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isPathByte(c) || (c == '/' && previous == '/')) {
        return false;
      }
      previous = c;
    }
    return previous != '/' || text.length() == 1;
  }

  /// Returns whether a byte may stand in a path.
  ///
  /// @param c the byte, 0 to 255
  public static boolean isPathByte(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '/'
        || c == '_'
        || c == '@';
  }

  /// Returns whether it starts at the root.
  public boolean isAbsolute() {
    return value.charAt(0) == '/';
  }

  /// Returns the last component; of the root, the empty string.
  public String name() {
    return value.substring(value.lastIndexOf('/') + 1);
  }

  /// Returns the path without its last component; of the root, the root.
  ///
  /// @throws IllegalStateException if it is relative and has one component only
  public StorePath parent() {
    int slash = value.lastIndexOf('/');
    if (slash < 0) {
      throw new IllegalStateException("no parent within " + value);
    }
    return slash == 0 ? ROOT : new StorePath(value.substring(0, slash));
  }

  /// Returns the path with further components behind it.
  ///
  /// @throws IllegalArgumentException if that is not well-formed
  public StorePath child(String relative) {
    return new StorePath(value.equals("/") ? "/" + relative : value + "/" + relative);
  }

  /// Returns the absolute path that a connection of the given domain means.
  public StorePath absolute(int domid) {
    return isAbsolute() ? this : home(domid).child(value);
  }

  @Override
  public String toString() {
    return value;
  }
}
