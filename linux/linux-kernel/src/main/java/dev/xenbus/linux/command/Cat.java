package dev.xenbus.linux.command;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// `cat`: prints files of `/proc` and `/sys`; in dom0 also files outside of the emulator.
public final class Cat extends KernelCommand {
  /// Largest file from outside.
  private static final long OUTSIDE_BYTES_MAX = 1 << 20;

  /// For the service loader.
  public Cat() {
    super("cat", "prints files of /proc and /sys", "cat FILE...", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    if (arguments.isEmpty()) {
      throw new UsageException("a file is wanted: there is no standard input");
    }
    int exit = 0;
    for (String name : arguments) {
      try {
        context.out().print(text(context, name));
      } catch (KernelException e) {
        context.err().println("cat: " + name + ": " + e.errno().text());
        exit = 1;
      }
    }
    return exit;
  }

  private static String text(Context context, String name) throws KernelException {
    boolean isKernels = name.matches("/+(proc|sys|dev)(/.*)?");
    if (!isKernels && context.kernel().domid().equals(Domid.DOM0)) {
      return outside(context.file(name));
    }
    return context.kernel().files().read(name);
  }

  private static String outside(Path file) throws KernelException {
    if (Files.isDirectory(file)) {
      throw new KernelException(Errno.EISDIR, "is a directory: " + file);
    }
    if (!Files.exists(file)) {
      throw new KernelException(Errno.ENOENT, "no such file: " + file);
    }
    try {
      if (Files.size(file) > OUTSIDE_BYTES_MAX) {
        throw new KernelException(Errno.EINVAL, "more than 1 MiB: " + file);
      }
      return Files.readString(file);
    } catch (KernelException e) {
      throw e;
    } catch (IOException e) {
      throw new KernelException(Errno.EIO, "cannot read " + file, e);
    }
  }
}
