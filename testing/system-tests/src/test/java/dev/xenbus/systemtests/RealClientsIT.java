package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.systemtests.LiveBoot.Output;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Debian's own Xen tools against a running dom0.
class RealClientsIT {
  @TempDir private Path folder;

  private LiveBoot boot;

  @BeforeEach
  void makeBoot() {
    boot = new LiveBoot(folder);
  }

  @Test
  void lsShowsTheTreeOfARunningGuest() throws Exception {
    boot.run(
        dom0 -> {
          boot.type(dom0, "truncate -s 16M first.img");
          assertEquals(0, boot.type(dom0, "xl create first.cfg").exit());
          Output ls = boot.tool("xenstore-ls", "-fp");
          assertEquals(0, ls.exit(), ls.err());
          List<String> lines = ls.out().lines().map(String::strip).toList();
          for (String line :
              List.of(
                  "/local/domain/0/name = \"Domain-0\"   (n0)",
                  "/local/domain/0/backend/vbd/1/51712 = \"\"   (n0,r1)",
                  "/local/domain/0/backend/vbd/1/51712/online = \"1\"   (n0,r1)",
                  "/local/domain/0/backend/vif/1/0/frontend-id = \"1\"   (n0,r1)",
                  "/local/domain/1/name = \"first\"   (n0,r1)",
                  "/local/domain/1/domid = \"1\"   (n0,r1)",
                  "/local/domain/1/device/vbd/51712 = \"\"   (n1,r0)",
                  "/local/domain/1/device/vif/0/backend-id = \"0\"   (n1,r0)",
                  "/local/domain/1/control/shutdown = \"\"   (n1)",
                  "/local/domain/1/console/backend-id = \"0\"   (n1,r0)",
                  "/libxl/1/type = \"pv\"   (n0)")) {
            assertTrue(lines.contains(line), () -> line + " is missing in\n" + ls.out());
          }
        });
  }

  @Test
  void writeReadListRmChmodExistsWork() throws Exception {
    boot.run(
        dom0 -> {
          assertEquals(0, boot.tool("xenstore-write", "/a/b", "hello", "/a/c", "x").exit());
          assertEquals("hello\n", boot.tool("xenstore-read", "/a/b").out());
          assertEquals("b\nc\n", boot.tool("xenstore-list", "/a").out());
          assertEquals(0, boot.tool("xenstore-chmod", "/a/b", "r0").exit());
          assertTrue(boot.tool("xenstore-ls", "-fp", "/a").out().contains("(r0)"));
          assertEquals(0, boot.tool("xenstore-exists", "/a/b").exit());
          assertEquals(0, boot.tool("xenstore-rm", "/a").exit());
          assertEquals(1, boot.tool("xenstore-exists", "/a/b").exit());
          Output missing = boot.tool("xenstore-read", "/a/b");
          assertEquals(1, missing.exit());
          assertTrue(missing.err().contains("couldn't read path /a/b"), missing.err());
        });
  }

  @Test
  void watchSeesWhatTheEmulatorWrites() throws Exception {
    boot.run(
        dom0 -> {
          boot.tool("xenstore-write", "/seen", "1");
          Output watch = boot.tool("xenstore-watch", "-n", "1", "/seen");
          assertEquals("/seen\n", watch.out());
        });
  }

  @Test
  void xensOwnTestPasses() throws Exception {
    boot.run(
        dom0 -> {
          Output test = boot.tool("test-xenstore", "-i", "200");
          assertEquals(0, test.exit(), test.out() + test.err());
        });
  }
}
