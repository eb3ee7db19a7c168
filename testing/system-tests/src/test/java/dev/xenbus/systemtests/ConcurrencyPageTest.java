package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// `docs/reference/concurrency.md` lists every item, and each test that it names exists.
class ConcurrencyPageTest {
  private static final int ITEMS = 61;
  private static final Pattern NAMED = Pattern.compile("`(\\w+Test)\\.(\\w+)`");

  private static String page() throws IOException {
    return Files.readString(RepositoryRoot.find().resolve("docs/reference/concurrency.md"));
  }

  /// Returns the sources of all test classes, by name.
  private static Map<String, String> tests() throws IOException {
    Map<String, String> sources = new LinkedHashMap<>();
    try (Stream<Path> walk = Files.walk(RepositoryRoot.find())) {
      for (Path file : walk.filter(p -> p.toString().endsWith("Test.java")).sorted().toList()) {
        String name = Optional.ofNullable(file.getFileName()).map(Path::toString).orElse("");
        sources.put(name.replace(".java", ""), Files.readString(file));
      }
    }
    return sources;
  }

  @Test
  void everyItemHasARow() throws IOException {
    List<String> missing = new ArrayList<>();
    String page = page();
    for (int item = 1; item <= ITEMS; item++) {
      String start = "\n| C%02d | ".formatted(item);
      if (!page.contains(start)) {
        missing.add(start.strip());
      }
    }
    assertEquals(List.of(), missing);
  }

  @Test
  void everyNamedTestExists() throws IOException {
    Map<String, String> tests = tests();
    List<String> missing = new ArrayList<>();
    int named = 0;
    Matcher matcher = NAMED.matcher(page());
    while (matcher.find()) {
      named++;
      if (!tests.getOrDefault(matcher.group(1), "").contains("void " + matcher.group(2) + "(")) {
        missing.add(matcher.group());
      }
    }
    assertTrue(named > ITEMS / 2, "only " + named + " tests are named");
    assertEquals(List.of(), missing);
  }
}
