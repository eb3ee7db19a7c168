package dev.xenbus.linux.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.OpenFile;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShellWordTest {
  /// A few paths, which is all that a pattern sees of files.
  private record Paths(List<String> all) implements KernelFiles {
    @Override
    public void add(String path, KernelFile file) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void remove(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String read(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void write(String path, String text) {
      throw new UnsupportedOperationException();
    }

    @Override
    public OpenFile open(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<String> list(String path) throws KernelException {
      String prefix = path.endsWith("/") ? path : path + "/";
      TreeSet<String> names = new TreeSet<>();
      for (String file : all) {
        if (file.startsWith(prefix)) {
          String rest = file.substring(prefix.length());
          int slash = rest.indexOf('/');
          names.add(slash < 0 ? rest : rest.substring(0, slash + 1));
        }
      }
      if (names.isEmpty()) {
        throw new KernelException(Errno.ENOENT, path);
      }
      return List.copyOf(names);
    }
  }

  private static final Paths FILES =
      new Paths(
          List.of(
              "/sys/d/vbd-1-51712/state",
              "/sys/d/vif-1-0/state",
              "/sys/d/vif-1-1/state",
              "/sys/d/vif-10-0/devtype",
              "/sys/d/uevent",
              "/sys/d/.hidden",
              "/sys/d/a[b",
              "/sys/d/Vif"));

  private static List<String> bare(String text) {
    ShellWord.Builder word = new ShellWord.Builder();
    text.chars().forEach(c -> word.bare((char) c));
    return word.build().expand(name -> "", FILES);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '%',
      value = {
        "/sys/d/v*/state % /sys/d/vbd-1-51712/state /sys/d/vif-1-0/state /sys/d/vif-1-1/state",
        "/sys/d/vif-1-? % /sys/d/vif-1-0 /sys/d/vif-1-1",
        "/sys/d/vif-1-[1-9] % /sys/d/vif-1-1",
        "/sys/d/vif-1-[!1-9] % /sys/d/vif-1-0",
        "/sys/d/vif-1-[^[:digit:]] % /sys/d/vif-1-[^[:digit:]]",
        "/sys/d/vif-1[[:digit:]]-0 % /sys/d/vif-10-0",
        "/sys/d/[V]* % /sys/d/Vif",
        "/sys/d/*/ % /sys/d/vbd-1-51712/ /sys/d/vif-1-0/ /sys/d/vif-1-1/ /sys/d/vif-10-0/",
        "/sys/d/.h* % /sys/d/.hidden",
        "/sys/d/a[b % /sys/d/a[b",
        "/sys/d/*[[]* % /sys/d/a[b",
        "/sys/d/u*.* % /sys/d/u*.*",
        "/*/d/u* % /sys/d/uevent",
        "/sys/d/uevent/* % /sys/d/uevent/*",
        "/sys/d/[z-a]* % /sys/d/[z-a]*",
        "v* % v*"
      })
  void patternsAreTheFilesThatMatchSortedOrThemselves(String typed, String words) {
    assertEquals(List.of(words.split(" ")), bare(typed));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '%',
      value = {
        "a{b,c}d % abd acd",
        "{b,a} % b a",
        "x{a,{c,b}1}y{1,2} % xay1 xay2 xc1y1 xc1y2 xb1y1 xb1y2",
        "{1..3} % 1 2 3",
        "{3..1} % 3 2 1",
        "{08..10} % 08 09 10",
        "{-1..1} % -1 0 1",
        "{1..9..4} % 1 5 9",
        "{a..c} % a b c",
        "{c..a..2} % c a",
        "{} % {}",
        "{a} % {a}",
        "{a{b,c}} % {ab} {ac}",
        "a{b,c % a{b,c",
        "a}b % a}b",
        "{1..2..} % {1..2..}",
        "{1..99999999} % {1..99999999}",
        "/sys/d/vif-1-{1,0,7} % /sys/d/vif-1-1 /sys/d/vif-1-0 /sys/d/vif-1-7",
        "/sys/d/{vif-1-*,Vi?} % /sys/d/vif-1-0 /sys/d/vif-1-1 /sys/d/Vif"
      })
  void bracesAreWordsInTheirOrder(String typed, String words) {
    assertEquals(List.of(words.split(" ")), bare(typed));
  }

  @Test
  void bracesMayHoldNothing() {
    assertEquals(List.of("a", "ab"), bare("a{,b}"));
  }

  @Test
  void quotedTextIsItself() {
    assertEquals(
        List.of("/sys/d/*"),
        new ShellWord.Builder().quoted("/sys/d/*").build().expand(name -> "", FILES));
    assertEquals(
        List.of("{a,b}"),
        new ShellWord.Builder()
            .quoted("{")
            .quoted("a,b")
            .quoted("}")
            .build()
            .expand(name -> "", FILES));
    ShellWord.Builder mixed = new ShellWord.Builder().quoted("/sys/d/a[b").bare('*');
    assertEquals(List.of("/sys/d/a[b"), mixed.build().expand(name -> "", FILES));
  }

  @Test
  void variablesAreFilledInAfterBracesAndBeforePatterns() {
    ShellWord bare = new ShellWord.Builder().variable("P", false).build();
    assertEquals(List.of("/sys/d/Vif"), bare.expand(name -> "/sys/d/V*", FILES));
    assertEquals(List.of("{a,b}"), bare.expand(name -> "{a,b}", FILES));
    ShellWord quoted = new ShellWord.Builder().variable("P", true).build();
    assertEquals(List.of("/sys/d/V*"), quoted.expand(name -> "/sys/d/V*", FILES));
    assertEquals("$P", quoted.toString());
  }
}
