/// Tests that boot the whole, and the rules of architecture.
///
/// Nothing requires it; it requires the drivers by name so that they are on its module path.
module dev.xenbus.systemtests {
  requires dev.xenbus.emulator;
  requires dev.xenbus.scenarios;
  requires dev.xenbus.netback;
  requires dev.xenbus.blkback;
  requires dev.xenbus.netfront;
  requires dev.xenbus.blkfront;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;
}
