package dev.xenbus.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryReclaimTest {
  private static final String FILE = "/proc/sys/vm/drop_caches";

  @Test
  void dropCachesAsksShrinkersInTheirOrderIfItsSecondBitIsSet() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          List<String> asked = new ArrayList<>();
          kernel.addShrinker("first", () -> asked.add("first"));
          kernel.addShrinker("second", () -> asked.add("second"));
          kernel.files().write(FILE, "1\n");
          assertEquals(List.of(), asked);
          kernel.files().write(FILE, "2\n");
          kernel.files().write(FILE, "3\n");
          assertEquals(List.of("first", "second", "first", "second"), asked);
          String who = Task.current().comm() + " (" + Task.current().pid() + "): drop_caches: ";
          assertEquals(List.of(who + 1, who + 2, who + 3), TestKernel.log(kernel));
        });
  }

  @Test
  void fourEndsTheMessages() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          kernel.files().write(FILE, "4\n");
          kernel.files().write(FILE, "1\n");
          assertEquals(1, TestKernel.log(kernel).size());
        });
  }

  @Test
  void whatIsNoSuchNumberIsRefused() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          for (String text : List.of("", "0\n", "5\n", "-1\n", "x\n", "99999999999\n")) {
            assertEquals(
                Errno.EINVAL,
                assertThrows(KernelException.class, () -> kernel.files().write(FILE, text))
                    .errno());
          }
          assertEquals(
              Errno.EACCES,
              assertThrows(KernelException.class, () -> kernel.files().read(FILE)).errno());
        });
  }

  @Test
  void shrinkersAreAskedWhenThereIsNoPageLeft() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          List<String> asked = new ArrayList<>();
          kernel.addShrinker("one", () -> asked.add(Task.current().comm()));
          ((TestKernel.JvmPages) kernel.pages()).shortage();
          Task.sleep(1_000_000_000L);
          assertEquals(1, asked.size());
        });
  }
}
