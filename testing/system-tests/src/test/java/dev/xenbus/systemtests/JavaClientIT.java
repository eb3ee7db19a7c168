package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Submission;
import dev.xenbus.xenstore.client.Subscription;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The client library over a Unix socket of a running dom0.
class JavaClientIT {
  private static final String BEGIN = "    List<String> told";
  private static final String END = "    return told;";

  @TempDir private Path folder;

  @Test
  void theProgramOfThePageRuns() throws Exception {
    LiveBoot boot = new LiveBoot(folder);
    boot.run(
        dom0 -> {
          boot.type(dom0, "truncate -s 16M first.img");
          assertEquals(0, boot.type(dom0, "xl create first.cfg").exit());
          try (LiveMachine machine = new LiveMachine();
              XenstoreClient other = dom0.storeClient();
              Subscription ready = other.subscribe("/tool/ready")) {
            Submission<List<String>> program =
                machine.submit("program", () -> StoreFromJava.run(boot.socket()));
            while (!other.exists("/tool/ready")) {
              assertEquals("/tool/ready", ready.next().path());
            }
            other.write("/tool/go", "0");
            other.write("/tool/go", "1");
            assertEquals(
                List.of(
                    "dom0 is Domain-0",
                    "there is Domain-0",
                    "there is first",
                    "there is no /local/domain/99/name",
                    "run number 1",
                    "gone"),
                program.await());
          } catch (ExecutionException e) {
            throw new AssertionError(e);
          }
        });
  }

  @Test
  void thePageShowsThatProgram() throws Exception {
    Path root = RepositoryRoot.find();
    String source =
        Files.readString(
            root.resolve(
                "testing/system-tests/src/test/java/dev/xenbus/systemtests/StoreFromJava.java"));
    String body = source.substring(source.indexOf(BEGIN), source.indexOf(END));
    String program = body.replaceAll("(?m)^    ", "");
    String page = Files.readString(root.resolve("docs/how-to/use-the-store-from-java.md"));
    assertTrue(page.contains("```java\n" + program + "```\n"), "the page should show\n" + program);
  }
}
