package dev.xenbus.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeterminismTest {
  private static final int SEEDS = 30;

  private static List<Long> hashes() {
    return LongStream.range(0, SEEDS).mapToObj(DeterminismTest::hash).toList();
  }

  private static long hash(long seed) {
    try {
      return Mixture.hash(seed);
    } catch (MachineFailure failure) {
      throw new AssertionError(failure.getMessage(), failure);
    }
  }

  @Test
  void sameSeedsGiveTheSameTracesTwiceInOneJvm() {
    List<Long> first = hashes();
    assertEquals(first, hashes());
    assertEquals(SEEDS, new TreeSet<>(first).size());
  }

  /// Where nothing changed, the machine does not ask who goes on; where every choice is to be told,
  /// it does.
  @ParameterizedTest
  @ValueSource(strings = {"random", "patient", "patient:64", "pct:3:2000", "early-pct:5:500"})
  void whatIsNotAskedIsWhatWouldHaveBeenPicked(String strategy) throws MachineFailure {
    for (long seed = 0; seed < SEEDS; seed++) {
      SimulatedMachine.Options options =
          SimulatedMachine.Options.seed(seed).with(Strategy.parse(strategy));
      assertEquals(Mixture.hash(options), Mixture.hash(options.explained()), "seed " + seed);
    }
  }

  @Test
  void seedsRunInParallelWithoutDisturbingEachOther() {
    List<Long> alone = hashes();
    List<Long> together =
        IntStream.range(0, SEEDS * 4).parallel().mapToObj(i -> hash(i % SEEDS)).toList();
    for (int i = 0; i < together.size(); i++) {
      assertEquals(alone.get(i % SEEDS), together.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:+UnlockExperimentalVMOptions -XX:hashCode=0 -XX:+UseSerialGC",
        "-XX:+UnlockExperimentalVMOptions -XX:hashCode=2 -XX:+UseParallelGC"
            + " -Djdk.virtualThreadScheduler.parallelism=1",
        "-XX:TieredStopAtLevel=1 -XX:+UseG1GC -Djdk.virtualThreadScheduler.parallelism=7"
      })
  void freshJvmGivesTheSameTraces(String flags) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags.split(" ", -1)));
    String path = Path.of("target", "classes") + ":" + Path.of("target", "test-classes");
    command.addAll(List.of("-cp", path, Mixture.class.getName()));
    LongStream.range(0, SEEDS).forEach(seed -> command.add(Long.toString(seed)));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(hashes().toString(), output.lines().toList().toString());
  }
}
