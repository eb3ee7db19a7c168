package dev.xenbus.xl;

import dev.xenbus.linux.api.BlockCore;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.KernelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Makes what a disk's `params` names a block device of dom0 and says which one it is
/// (`tools/hotplug/Linux/block`); refuses one that another guest uses in a way that clashes.
final class BlockScript extends HotplugScript {
  private static final String DEVICES = "/dev/";

  BlockScript(Environment env) {
    super(env);
  }

  @Override
  void run(String command) throws IOException, Fatal {
    if (command.equals("add")) {
      add();
    } else {
      remove();
    }
  }

  private void add() throws IOException, Fatal {
    if (env.read("physical-device").isPresent()) {
      return; // done already
    }
    String params = env.read("params").orElse("");
    String mode = env.read("mode").orElse("");
    Optional<Disk> disk = blockDevice(params);
    if (disk.isPresent()) {
      refuseIfShared("Device " + params + " is mounted ", disk.get(), mode);
      connect(params, disk.get());
    } else {
      addFile(params, mode);
    }
  }

  private Optional<Disk> blockDevice(String path) {
    return blockDevice(env.kernel().block(), path);
  }

  /// Returns the disk that a path below `/dev` names.
  static Optional<Disk> blockDevice(BlockCore block, String path) {
    return path.startsWith(DEVICES)
        ? block.disk(path.substring(DEVICES.length()))
        : Optional.empty();
  }

  private void addFile(String params, String mode) throws IOException, Fatal {
    Path image = env.files().apply(params);
    if (params.isEmpty() || !Files.exists(image)) {
      throw new Fatal(params + " does not exist.");
    }
    BlockCore block = env.kernel().block();
    for (Disk other : block.disks()) {
      Optional<Path> behind = block.loopImage(other.name());
      if (behind.isPresent() && Files.isSameFile(behind.get(), image)) {
        refuseIfShared(
            "File "
                + params
                + " is loopback-mounted through "
                + DEVICES
                + other.name()
                + ",\nwhich is mounted ",
            other,
            mode);
      }
    }
    Disk loop;
    try {
      loop = block.attachLoop(image, mode.startsWith("r"));
    } catch (KernelException e) {
      throw new Fatal("Failed to find an unused loop device: " + e.getMessage());
    }
    String node = DEVICES + loop.name();
    env.write("node", node);
    connect(node, loop);
  }

  private void connect(String node, Disk disk) throws IOException {
    env.write("physical-device", disk.number().toString());
    env.write("physical-device-path", node);
    success();
  }

  // A writer clashes with everybody, a reader with writers; "w!" with nobody.
  private void refuseIfShared(String prefix, Disk disk, String mode) throws IOException, Fatal {
    if (mode.startsWith("w!")) {
      return;
    }
    String number = disk.number().toString();
    String folder = "/local/domain/" + env.kernel().domid() + "/backend/vbd";
    for (String domid : children(folder)) {
      for (String devid : children(folder + "/" + domid)) {
        String other = folder + "/" + domid + "/" + devid;
        boolean same = env.xs().read(other + "/physical-device").orElse("").equals(number);
        if (same
            && !isSameVm(domid)
            && (mode.startsWith("w")
                || env.xs().read(other + "/mode").orElse("").startsWith("w"))) {
          throw new Fatal(prefix + "in a guest domain,\nand so cannot be mounted now.");
        }
      }
    }
  }

  // The other end of a migration within the host (`same_vm`); one without nodes is about to go.
  private boolean isSameVm(String otherDomid) throws IOException {
    String ownDomid = env.read("frontend-id").orElse("");
    String own = vmOf(ownDomid).orElse("");
    return !otherDomid.equals(ownDomid) && vmOf(otherDomid).orElse(own).equals(own);
  }

  private Optional<String> vmOf(String domid) throws IOException {
    return env.xs().read("/local/domain/" + domid + "/vm");
  }

  private List<String> children(String path) throws IOException {
    return env.xs().directory(path).orElse(List.of());
  }

  private void remove() throws IOException, Fatal {
    String node = env.read("node").orElse("");
    if (!node.startsWith(DEVICES)) {
      return; // a block device: nothing was made for it
    }
    try {
      env.kernel().block().detachLoop(node.substring(DEVICES.length()));
    } catch (KernelException e) {
      throw new Fatal("Failed to detach " + node + ": " + e.getMessage());
    }
  }
}
