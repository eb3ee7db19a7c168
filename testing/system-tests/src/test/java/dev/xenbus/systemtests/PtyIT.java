package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.systemtests.LiveBoot.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The device that acts as `/dev/xen/xenbus` of a guest, used by Debian's tools as guest agents do.
class PtyIT {
  @TempDir private Path folder;

  @Test
  void anAgentSpeaksAsItsGuestWhileThatLives() throws Exception {
    LiveBoot boot = new LiveBoot(folder);
    Path device = folder.resolve("xenbus1");
    boot.run(
        options -> options.withPty(Domid.of(1), device),
        dom0 -> {
          assertTrue(Files.notExists(device, LinkOption.NOFOLLOW_LINKS));
          boot.type(dom0, "truncate -s 16M first.img");
          assertEquals(0, boot.type(dom0, "xl create first.cfg").exit());
          assertEquals("first\n", agent(boot, device, "xenstore-read", "name").out());
          assertEquals(0, agent(boot, device, "xenstore-write", "data/agent", "hello").exit());
          assertEquals(
              "hello\n", boot.type(dom0, "xenstore-read /local/domain/1/data/agent").out());
          Output refused = agent(boot, device, "xenstore-write", "/local/domain/0/name", "mine");
          assertEquals(1, refused.exit());
          assertEquals(
              "xenstore-write: could not write path /local/domain/0/name\n", refused.err());
          assertEquals(0, boot.type(dom0, "xl destroy first").exit());
          assertTrue(Files.notExists(device, LinkOption.NOFOLLOW_LINKS));
        });
    assertTrue(Files.notExists(device, LinkOption.NOFOLLOW_LINKS));
  }

  private static Output agent(LiveBoot boot, Path device, String program, String... arguments)
      throws IOException, InterruptedException {
    return boot.toolAt(device, LiveBoot.find(program), arguments);
  }
}
