package dev.xenbus.xl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.xenstore.client.WatchEvent;
import dev.xenbus.xenstore.client.XenstoreClient;
import dev.xenbus.xenstored.Xenstored;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The toolstack against the real store, with a backend that watches it as a kernel does.
class RealStoreTest {
  private static final String UUID = "b5c90bca-943e-4773-a76f-3ba8cfd26052";

  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    TestHost.writeGuest(folder, UUID);
  }

  private interface Main {
    void run(TestHost host, XenstoreClient client) throws Exception;
  }

  private void run(XlRelease release, String stuck, Main main) throws Exception {
    run(new TestHost(release, folder), stuck, main);
  }

  private static void run(TestHost host, String stuck, Main main) throws Exception {
    host.machine()
        .run(
            () -> {
              Xenstored store =
                  new Xenstored(
                      host.cpu(),
                      new Xenstored.Options(Optional.empty(), List.of(), Map.of(), line -> {}));
              host.connector(store::connect);
              Task backend =
                  host.cpu()
                      .process(
                          "backend",
                          _ -> serveBackends(new XenstoreClient(store.connect()), stuck));
              try (XenstoreClient client = new XenstoreClient(store.connect())) {
                client.write("/local/domain/0/domid", "0");
                client.write("/local/domain/0/name", "Domain-0");
                client.write("/local/pool/0/name", "Pool-0");
                backend.wake();
                main.run(host, client);
              }
              backend.signal();
              backend.waitFor();
              store.close();
              return 0;
            });
  }

  private static int serveBackends(XenstoreClient client, String stuck) {
    try (client) {
      client.watch("backend", "b");
      while (true) {
        WatchEvent event = client.awaitEvent();
        if (event.path().endsWith("/state")
            && !event.path().contains("/console/")
            && !event.path().contains(stuck)) {
          answer(client, event.path());
        }
      }
    } catch (IOException e) {
      return 0; // asked to end
    }
  }

  private static void answer(XenstoreClient client, String path) throws IOException {
    try {
      switch (client.readIfPresent(path).orElse("")) {
        case "1" -> client.write(path, "2");
        case "5" -> client.write(path, "6");
        default -> {}
      }
    } catch (XenstoreException e) {
      // Gone between the two.
    }
  }

  @Test
  void guestIsMadeAndUnmadeWithoutTrace() throws Exception {
    run(
        XlRelease.XEN_4_10,
        "none",
        (host, client) -> {
          TestHost.Outcome create = host.xl("create", "-e", "pv.cfg");
          assertEquals("Parsing config from pv.cfg\n", create.err());
          assertEquals(0, create.exitCode());
          assertEquals(
              "n1,r0", client.getPermissions("/local/domain/1/device/vbd/51712/state").toString());
          assertEquals(
              "n0,r1", client.getPermissions("/local/domain/0/backend/vif/1/0").toString());
          assertEquals(0, host.xl("destroy", "pv1").exitCode());
          assertEquals(List.of("domid", "name"), client.directory("/local/domain/0"));
          assertFalse(client.exists("/local/domain/1"));
          assertFalse(client.exists("/vm/" + UUID));
          assertFalse(client.exists("/libxl/1"));
        });
  }

  @Test
  void stuckDiskFailsAsPublished() throws Exception {
    run(
        XlRelease.XEN_4_10,
        "/vbd/",
        (host, client) -> {
          TestHost.Outcome create = host.xl("create", "pv.cfg");
          assertEquals(8, create.err().lines().count(), create.err());
          assertEquals(3, create.exitCode());
          assertEquals(20, create.seconds());
        });
  }

  @Test
  void twoCreationsAtOnceBothSucceed() throws Exception {
    run(
        XlRelease.XEN_4_10,
        "none",
        (host, client) -> {
          StringBuilder err = new StringBuilder();
          Task first = host.start(text -> {}, err::append, "create", "-e", "pv.cfg");
          Task second =
              host.start(
                  text -> {},
                  err::append,
                  "create",
                  "-e",
                  "pv.cfg",
                  "name='pv2'",
                  "uuid='00000000-0000-4000-8000-000000000002'",
                  "disk=[]");
          assertEquals(0, first.waitFor(), err.toString());
          assertEquals(0, second.waitFor(), err.toString());
          assertTrue(host.xl("list").out().contains("pv2"));
        });
  }

  // Time may move at any moment here, so that a creation may time out: but then it says so, and
  // whatever happens, nothing is left.
  @Test
  void everySeedLeavesNothingBehind() throws Exception {
    for (long seed = 0; seed < 40; seed++) {
      String label = "seed " + seed;
      TestHost host =
          new TestHost(
              XlRelease.XEN_4_10, folder, SimulatedMachine.Options.seed(seed).chaos(false, true));
      run(
          host,
          "none",
          (h, client) -> {
            TestHost.Outcome create = h.xl("create", "-e", "pv.cfg", "vif += [ '' ]");
            if (create.exitCode() == 0) {
              assertEquals("Parsing config from pv.cfg\n", create.err(), label);
              assertEquals(0, h.xl("destroy", "1").exitCode(), label);
            } else {
              assertEquals(3, create.exitCode(), label + create.err());
              assertTrue(create.err().contains("unable to add"), label + create.err());
            }
            for (String path : List.of("/local/domain/1", "/libxl/1", "/vm/" + UUID)) {
              assertFalse(client.exists(path), label + path);
            }
            assertEquals(
                0,
                h.machine().tasks().stream()
                    .filter(
                        task -> task.comm().equals("vif-bridge") && task.state() == Task.State.R)
                    .count(),
                label);
          });
    }
  }
}
