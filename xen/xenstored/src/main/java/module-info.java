/// The XenStore daemon: a pure store with a thin rim, `tools/xenstored`.
///
/// The emulator starts it; nothing here knows the kernel.
module dev.xenbus.xenstored {
  requires transitive dev.xenbus.machine;
  requires transitive dev.xenbus.abi;
  requires static com.google.errorprone.annotations;
  requires static org.jspecify;

  exports dev.xenbus.xenstored;
}
