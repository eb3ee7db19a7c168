package dev.xenbus.xenstore.client.command;

import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;

/// What ends a command with an exit code and a line on standard error.
final class Failure extends IOException {
  private static final long serialVersionUID = 1L;

  private final int code;

  Failure(int code, String text) {
    super(text);
    this.code = code;
  }

  Failure(String text) {
    this(1, text);
  }

  int code() {
    return code;
  }

  String text() {
    String text = getMessage();
    return text == null ? "" : text;
  }

  /// What `strerror` says of it.
  static String reason(XenstoreException e) {
    return e.errno().text();
  }
}
