/// Store scripts, one fact a file, and their runner: `tools/tests/xenstore`, for any server.
///
/// Authors of other servers use it as it is; `xenemu conformance` runs it.
module dev.xenbus.xenstore.conformance {
  requires transitive dev.xenbus.abi;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.xenstore.conformance;
}
