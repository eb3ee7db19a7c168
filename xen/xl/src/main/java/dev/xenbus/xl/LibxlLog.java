package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.TextOutput;

/// What libxl says on stderr: `libxl: error: <file>:<line>:<function>: [Domain <n>:]<message>`.
final class LibxlLog {
  private final TextOutput out;
  private final XlRelease release;

  LibxlLog(TextOutput out, XlRelease release) {
    this.out = out;
    this.release = release;
  }

  /// An error that concerns no domain in particular.
  void error(LogSite site, String message) {
    out.println("libxl: error: " + site.in(release) + ": " + message);
  }

  /// An error of one domain.
  void error(LogSite site, Domid domid, String message) {
    error(site, "Domain " + domid + ":" + message);
  }

  /// An error from a place whose line in the source is not known: without place.
  void error(String message) {
    out.println("libxl: error: " + message);
  }

  /// Something worth knowing, without place.
  void info(String message) {
    out.println("libxl: info: " + message);
  }

  /// What a child process printed.
  TextOutput childOutput() {
    return out;
  }
}
