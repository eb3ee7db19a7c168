package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.Permissions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.systemtests.LiveBoot.Output;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The `xenstore-*` commands of the console and Debian's, line by line from the same store: the
/// same
/// output, the same complaints, the same exit code, the same store afterwards.
class StoreCommandsIT {
  /// Ours knows `-d`, as later releases do; Debian's is that of 4.17.
  private static final String DEPTH_USAGE = " [-d depth]";

  @TempDir private Path folder;

  private LiveBoot boot;

  @BeforeEach
  void makeBoot() {
    boot = new LiveBoot(folder);
  }

  private static void fill(XenstoreClient client) throws IOException {
    client.rm("/t");
    client.inTransaction(
        tx -> {
          tx.write("/t/short", "v");
          tx.write("/t/long", "x".repeat(200));
          tx.write("/t/edge", "e".repeat(66));
          tx.writeBytes(
              "/t/odd",
              "tab\t nl\n cr\r back\\ \3 \13 \177 end".getBytes(StandardCharsets.US_ASCII));
          tx.writeBytes("/t/high", new byte[] {'a', (byte) 0x80, (byte) 0xff, 0, 'z'});
          tx.write("/t/quote", "say \"hi\"");
          tx.write("/t/empty", "");
          tx.write("/t/deep/er/still", "y".repeat(60));
          tx.write("/t/deep/x", "");
          tx.write(
              "/t/a-name-that-is-as-long-as-a-name-can-sensibly-be-and-longer-still/child", "1");
          for (int i = 0; i < 12; i++) {
            tx.write("/t/many/" + i, "" + i);
          }
          tx.setPermissions("/t/short", Permissions.of("r0", "b7", "n3"));
          tx.setPermissions("/t/deep", Permissions.of("b0", "r7"));
        });
  }

  private static String dump(XenstoreClient client) throws IOException {
    StringBuilder text = new StringBuilder();
    dump(client, "/t", text);
    return text.toString();
  }

  private static void dump(XenstoreClient client, String path, StringBuilder text)
      throws IOException {
    if (client.exists(path)) {
      byte[] value = client.readBytes(path);
      text.append(path)
          .append(" = ")
          .append(new String(value, StandardCharsets.ISO_8859_1))
          .append(' ')
          .append(client.getPermissions(path))
          .append('\n');
      for (String child : client.directory(path)) {
        dump(client, path + "/" + child, text);
      }
    }
  }

  private Output ours(Dom0 dom0, List<String> words) {
    String line =
        words.stream()
            .map(word -> word.matches("[-\\w/@.,=+:]+") ? word : "'" + word + "'")
            .collect(Collectors.joining(" "));
    Output output = boot.type(dom0, line);
    return new Output(
        output.exit(), bytes(output.out()), bytes(output.err()).replace(DEPTH_USAGE, ""));
  }

  /// What goes out of the console is UTF-8; the tools' output was read byte by byte.
  private static String bytes(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  private static List<List<String>> lines(String page) throws IOException {
    try (Stream<String> lines =
        Files.lines(
            RepositoryRoot.find().resolve("testing/system-tests/src/test/resources/" + page))) {
      return lines
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(StoreCommandsIT::words)
          .toList();
    }
  }

  /// Words between blanks; `''` is an empty one, `_` within a word a blank.
  private static List<String> words(String line) {
    return Stream.of(line.strip().split(" +"))
        .map(word -> word.equals("''") ? "" : word.replace('_', ' '))
        .toList();
  }

  /// Runs a real tool. Its complaints name it as it was called: with its whole path.
  private Output real(Path program, List<String> words) throws IOException, InterruptedException {
    String[] arguments = words.subList(1, words.size()).toArray(String[]::new);
    Output said = boot.toolAt(boot.socket(), program, arguments);
    return new Output(
        said.exit(), said.out(), said.err().replace(program.toString(), words.getFirst()));
  }

  private static List<String> without(List<String> these, List<String> those) {
    return these.stream().filter(line -> !those.contains(line)).toList();
  }

  private static void compare(
      List<String> words, Object real, Object ours, List<String> differences) {
    if (!real.equals(ours)) {
      differences.add(String.join(" ", words) + "\n  real: " + real + "\n  ours: " + ours);
    }
  }

  @Test
  void eachLineDoesWhatTheRealToolDoes() throws Exception {
    List<List<String>> lines = lines("store-commands.txt");
    assertTrue(lines.size() > 100, "only " + lines.size() + " lines");
    List<String> differences = new ArrayList<>();
    boot.run(
        dom0 -> {
          try (XenstoreClient client = dom0.storeClient()) {
            for (List<String> words : lines) {
              fill(client);
              Output real = real(LiveBoot.find(words.getFirst()), words);
              String realStore = dump(client);
              fill(client);
              Output ours = ours(dom0, words);
              String oursStore = dump(client);
              compare(words, real, ours, differences);
              List<String> left = realStore.lines().toList();
              List<String> right = oursStore.lines().toList();
              compare(words, without(left, right), without(right, left), differences);
            }
          }
        });
    assertEquals("", String.join("\n", differences));
  }

  @Test
  void controlAnswersTheSame() throws Exception {
    Path program = Path.of("/usr/lib/xen-4.17/bin/xenstore-control");
    Assumptions.assumeTrue(
        Files.isExecutable(program),
        program + " is missing: ./xenemu test --install installs xen-utils-4.17");
    List<String> differences = new ArrayList<>();
    boot.run(
        dom0 -> {
          for (List<String> words : lines("store-control-commands.txt")) {
            compare(words, real(program, words), ours(dom0, words), differences);
          }
        });
    assertEquals("", String.join("\n", differences));
  }
}
