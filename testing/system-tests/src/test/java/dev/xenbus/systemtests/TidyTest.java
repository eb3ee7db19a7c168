package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The rules of tidiness over the source tree.
class TidyTest {
  private static final int COLUMNS_MAX = 100;
  private static final int CLASS_LINES_MAX = 500;
  private static final Pattern LINK = Pattern.compile("\\[[^\\]]*]\\(([^)#\\s]+)(?:#[^)]*)?\\)");

  private static List<Path> files(String ending) {
    try (Stream<Path> walk = Files.walk(RepositoryRoot.find())) {
      return walk.filter(path -> path.toString().endsWith(ending))
          .filter(
              path -> !path.toString().contains("/target/") && !path.toString().contains("/.git/"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void linesFitTheScreen() {
    List<String> broken = new ArrayList<>();
    for (Path file : files(".java")) {
      List<String> lines = lines(file);
      for (int i = 0; i < lines.size(); i++) {
        String line = lines.get(i);
        // A real tool's line stays in one piece, however long: it is looked for as it is.
        boolean quotes =
            line.contains("\"")
                || line.startsWith("import ")
                || file.toString().contains("/src/test/");
        if (line.indexOf('\t') >= 0 || (line.length() > COLUMNS_MAX && !quotes)) {
          broken.add(file + ":" + (i + 1));
        }
      }
    }
    assertEquals(List.of(), broken);
  }

  @Test
  void classesCanBeLivedIn() {
    List<String> broken = new ArrayList<>();
    for (Path file : files(".java")) {
      int count = lines(file).size();
      if (file.toString().contains("/src/main/") && count > CLASS_LINES_MAX) {
        broken.add(file + ": " + count + " lines");
      }
    }
    assertEquals(List.of(), broken);
  }

  @Test
  void everyPackageIsNullMarked() {
    List<String> broken = new ArrayList<>();
    for (Path file : files(".java")) {
      Path folder = java.util.Objects.requireNonNull(file.getParent());
      boolean main = file.toString().contains("/src/main/java/dev/");
      if (main && !Files.exists(folder.resolve("package-info.java"))) {
        broken.add(folder.toString());
      }
    }
    for (Path file : files("package-info.java")) {
      if (lines(file).stream().noneMatch(line -> line.equals("@NullMarked"))) {
        broken.add(file.toString());
      }
    }
    assertEquals(List.of(), broken.stream().distinct().toList());
  }

  @Test
  void linksInTheDocsResolve() {
    List<String> broken = new ArrayList<>();
    for (Path file : files(".md")) {
      for (String line : lines(file)) {
        Matcher link = LINK.matcher(line);
        while (link.find()) {
          String target = link.group(1);
          Path folder = java.util.Objects.requireNonNull(file.getParent());
          if (!target.contains("://") && !Files.exists(folder.resolve(target))) {
            broken.add(file + ": " + target);
          }
        }
      }
    }
    assertEquals(List.of(), broken);
  }

  @Test
  void everyModuleHasADescriptorWithItsPurpose() {
    List<Path> descriptors = files("module-info.java");
    assertTrue(descriptors.size() >= 20, "only " + descriptors.size());
    List<String> broken = new ArrayList<>();
    for (Path file : descriptors) {
      if (!lines(file).getFirst().startsWith("/// ")) {
        broken.add(file.toString());
      }
    }
    assertEquals(List.of(), broken);
  }

  @Test
  void nothingIsLeftToDoWithoutAName() {
    List<String> broken = new ArrayList<>();
    Pattern open = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|X" + "XX)\\b");
    for (Path file : files(".java")) {
      List<String> lines = lines(file);
      for (int i = 0; i < lines.size(); i++) {
        if (open.matcher(lines.get(i)).find()) {
          broken.add(file + ":" + (i + 1));
        }
      }
    }
    assertEquals(List.of(), broken);
  }
}
