package dev.xenbus.xenstored.store;

import java.io.IOException;

/// A saved store that is none: the message says at which byte and why.
public final class BadState extends IOException {
  private static final long serialVersionUID = 1L;

  BadState(long at, String why) {
    super("byte " + at + ": " + why);
  }
}
