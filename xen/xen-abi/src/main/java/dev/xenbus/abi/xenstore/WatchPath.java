package dev.xenbus.abi.xenstore;

/// What a watch may be set on: a node, or something that happens to domains.
public sealed interface WatchPath {
  /// Some domain was introduced.
  WatchPath INTRODUCE_DOMAIN = new Special("@introduceDomain");

  /// Some domain stopped or is gone.
  WatchPath RELEASE_DOMAIN = new Special("@releaseDomain");

  /// Returns the text on the wire.
  String value();

  /// Returns the watch path with the given text.
  ///
  /// @throws IllegalArgumentException if it is neither a path nor a name with `@`
  static WatchPath of(String text) {
    return text.startsWith("@") ? new Special(text) : new Node(StorePath.of(text));
  }

  /// A node.
  ///
  /// @param path its path
  record Node(StorePath path) implements WatchPath {
    @Override
    public String value() {
      return path.value();
    }
  }

  /// Something that happens to domains.
  ///
  /// @param value its name, with the `@`
  record Special(String value) implements WatchPath {
    /// Checks the form.
    ///
    /// @throws IllegalArgumentException if it does not start with `@` or has an illegal character
    public Special {
      if (!value.startsWith("@") || !StorePath.hasValidShape(value)) {
        throw new IllegalArgumentException("no special watch: " + value);
      }
    }
  }
}
