/// The `xenemu` command: options, console, demo.
///
/// Nothing requires it.
module dev.xenbus.launcher {
  requires dev.xenbus.emulator;
  requires dev.xenbus.scenarios;
  requires dev.xenbus.bench;
  requires dev.xenbus.xenstore.conformance;
  requires info.picocli;
  requires org.jline;
  requires jdk.unsupported; // signals, by way of JLine
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  opens dev.xenbus.launcher to
      info.picocli;
}
