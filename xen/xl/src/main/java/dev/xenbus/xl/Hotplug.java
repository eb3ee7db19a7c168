package dev.xenbus.xl;

import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// One run of a hotplug script (`libxl_linux.c`, `device_hotplug` of `libxl_device.c`): a child
/// process, ended after 40 s.
final class Hotplug {
  private static final String SCRIPTS = "/etc/xen/scripts/";

  private final LibxlContext ctx;
  private final Device device;
  private final String script;
  private final List<String> arguments;
  private final SequencedMap<String, String> environment;
  private boolean timedOut;
  private EventLoop.@Nullable Timeout timeout;

  private Hotplug(
      LibxlContext ctx,
      Device device,
      String script,
      List<String> arguments,
      SequencedMap<String, String> environment) {
    this.ctx = ctx;
    this.device = device;
    this.script = script;
    this.arguments = arguments;
    this.environment = environment;
  }

  /// Returns the path of a script that a configuration names.
  static String pathOf(String name, String usual) {
    String script = name.isEmpty() ? usual : name;
    return script.startsWith("/") ? script : SCRIPTS + script;
  }

  /// Returns what is to be run for a device, or empty if nothing is, or nothing more.
  ///
  /// @param ran whether its script has run already
  static Optional<Hotplug> of(LibxlContext ctx, Device device, boolean add, boolean ran)
      throws IOException {
    if (device.is(DeviceKind.VIF)) {
      return ofVif(ctx, device, add, ran);
    }
    if (!device.is(DeviceKind.VBD) || ran) {
      return Optional.empty();
    }
    ctx.xs().homeOf(device.backendDomid());
    Optional<String> script = ctx.xs().plain().read(device.backendPath() + "/script");
    return script.map(
        path ->
            new Hotplug(
                ctx, device, path, List.of(add ? "add" : "remove"), environmentOf(device, path)));
  }

  private static Optional<Hotplug> ofVif(LibxlContext ctx, Device device, boolean add, boolean ran)
      throws IOException {
    Xs.Nodes store = ctx.xs().plain();
    String backend = device.backendPath();
    store.readIfAllowed("/local/domain/" + device.domid() + "/image/device-model-domid");
    Optional<String> script = store.read(backend + "/script");
    if (script.isEmpty()) {
      return Optional.empty();
    }
    store.read(backend + "/type"); // an ioemu interface would have a second run, for its tap
    if (ran) {
      return Optional.empty();
    }
    String gateway = store.read(backend + "/gatewaydev").orElse("");
    store.read(backend + "/type");
    SequencedMap<String, String> environment = environmentOf(device, script.get());
    environment.put("vif", "vif" + device.domid() + "." + device.devid());
    environment.put("netdev", gateway);
    return Optional.of(
        new Hotplug(
            ctx,
            device,
            script.get(),
            List.of(add ? "online" : "offline", "type_if=vif"),
            environment));
  }

  private static SequencedMap<String, String> environmentOf(Device device, String script) {
    SequencedMap<String, String> environment = new LinkedHashMap<>();
    environment.put("script", script);
    environment.put("XENBUS_TYPE", device.kind());
    environment.put("XENBUS_PATH", device.relativeBackendPath());
    environment.put("XENBUS_BASE_PATH", "backend");
    return environment;
  }

  /// Starts it.
  ///
  /// @param done told null, or why it failed; the log has it then
  void start(NodeWait.Done done) throws IOException, LibxlException {
    String what = script + " " + arguments.getFirst();
    Task child;
    try {
      child =
          ctx.loop()
              .child(
                  script.substring(script.lastIndexOf('/') + 1),
                  output -> HotplugScript.run(ctx, script, arguments, environment, output),
                  (pid, exitCode) -> done.accept(exited(what, pid, exitCode)));
    } catch (NoThread _) {
      ctx.log().error("cannot fork " + what + ": Resource temporarily unavailable");
      done.accept(Rc.FAIL);
      return;
    }
    timeout = ctx.loop().after(Timeouts.HOTPLUG_NANOS, () -> kill(child, what));
  }

  private void kill(Task child, String what) {
    timedOut = true;
    ctx.log().error(LogSite.EXEC_TIMEOUT, "killing execution of " + what + " because of timeout");
    child.signal();
  }

  private @Nullable Rc exited(String what, int pid, int exitCode) throws IOException {
    EventLoop.Timeout armed = timeout;
    if (armed != null) {
      ctx.loop().cancel(armed);
    }
    if (timedOut) {
      return Rc.TIMEDOUT;
    }
    if (exitCode == 0) {
      return null;
    }
    ctx.log()
        .error(
            LogSite.CHILD_EXIT_STATUS,
            what + " [" + pid + "] exited with error status " + exitCode);
    Optional<String> error = ctx.xs().plain().read(device.backendPath() + "/hotplug-error");
    if (error.isPresent()) {
      ctx.log().error(LogSite.HOTPLUG_CHILD_DEATH, "script: " + error.get());
    }
    return Rc.FAIL;
  }
}
