package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.linux.api.Kernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/// What one toolstack process works with (`libxl_ctx`).
///
/// @param domains the hypervisor
/// @param kernel dom0's
/// @param release whose toolstack we are
/// @param connector makes further connections to the store, for scripts
/// @param xs requests to the store
/// @param loop what the process waits on
/// @param log stderr
/// @param host what processes leave behind for each other
/// @param random UUIDs and MAC addresses
/// @param files resolves a file name against the folder that the process runs in
record LibxlContext(
    DomainControl domains,
    Kernel kernel,
    XlRelease release,
    Connector connector,
    Xs xs,
    EventLoop loop,
    LibxlLog log,
    XlHost host,
    RandomGenerator random,
    Function<String, Path> files) {

  /// Makes connections to the store.
  @FunctionalInterface
  interface Connector {
    StoreConnection connect() throws IOException;
  }

  /// Reads which domain we are in, as libxl does again and again.
  ///
  /// @throws LibxlException if the store does not say
  Domid ownDomid() throws IOException, LibxlException {
    String text = xs.plain().read("domid").orElse("");
    try {
      return Domid.of(Integer.parseInt(text));
    } catch (IllegalArgumentException _) {
      log.error("failed to get own domid (domid)");
      throw new LibxlException(Rc.FAIL);
    }
  }
}
