package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.emulator.Emulator;
import dev.xenbus.emulator.Machines;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.scenarios.StallComparison;
import dev.xenbus.scenarios.StallDemo.Kind;
import dev.xenbus.scenarios.Verdict;
import java.io.IOException;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The published stall under many schedules: the verdict is the same in each, nothing deadlocks.
class StallSeedsIT {
  private static final int SEEDS = Integer.getInteger("seeds", 200);

  private static final Emulator EMULATOR = Emulator.load();

  @ParameterizedTest
  @CsvSource({"VIF,false", "VIF,true", "VBD,false", "VBD,true", "PGRANT,false", "PGRANT,true"})
  void everySeedGoesAsPublished(Kind kind, boolean mtwatch) {
    List<String> wrong =
        LongStream.rangeClosed(1, SEEDS)
            .parallel()
            .mapToObj(seed -> run(kind, mtwatch, seed))
            .filter(result -> !result.isEmpty())
            .toList();
    assertEquals(List.of(), wrong, "repeat one with: xenemu demo stall --kind KIND --seed N");
  }

  private static String run(Kind kind, boolean mtwatch, long seed) {
    try {
      Verdict verdict =
          new StallComparison(EMULATOR, kind, () -> Machines.simulated(seed), text -> {})
              .boot(mtwatch);
      return verdict.holds() ? "" : "seed " + seed + ": " + verdict.broken();
    } catch (IOException | MachineFailure e) {
      return "seed " + seed + ": " + e.getMessage();
    }
  }
}
