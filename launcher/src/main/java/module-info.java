/// The `xenemu` command: options, console, demo.
///
/// Nothing requires it.
module dev.xenbus.launcher {
  requires dev.xenbus.emulator;
  requires dev.xenbus.scenarios;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;
}
