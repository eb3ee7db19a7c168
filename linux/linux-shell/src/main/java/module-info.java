/// The shell of every console: lines, jobs, redirections, filters.
///
/// Dom0's consoles and the guests' run it, each with the commands of its place.
module dev.xenbus.linux.shell {
  requires transitive dev.xenbus.linux.api;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.xenbus.linux.shell;
}
