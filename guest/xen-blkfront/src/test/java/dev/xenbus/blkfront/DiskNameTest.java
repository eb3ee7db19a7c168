package dev.xenbus.blkfront;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.KernelException;
import org.junit.jupiter.api.Test;

class DiskNameTest {
  private static void assertName(String name, int minor, long number) throws KernelException {
    assertEquals(new DiskName(name, new DeviceNumber(202, minor)), DiskName.of(number));
  }

  @Test
  void virtualDevicesHaveTheirNames() throws KernelException {
    assertName("xvda", 0, 51712);
    assertName("xvdb", 16, 51728);
    assertName("xvda1", 1, 51713);
    assertName("xvdp", 240, 202 << 8 | 240);
  }

  @Test
  void extendedDevicesGoOnBehindTheAlphabet() throws KernelException {
    assertName("xvdq", 16 * 256, 1 << 28 | 16 << 8);
    assertName("xvdz", 25 * 256, 1 << 28 | 25 << 8);
    assertName("xvdaa", 26 * 256, 1 << 28 | 26 << 8);
    assertName("xvdab3", 27 * 256 + 3, 1 << 28 | 27 << 8 | 3);
  }

  @Test
  void otherKindsOfDisksAreCalledXvdToo() throws KernelException {
    assertName("xvda", 0, 8 << 8);
    assertName("xvdb2", 18, 8 << 8 | 18);
    assertName("xvdb", 64, 3 << 8 | 64);
    assertName("xvdc", 128, 22 << 8);
    assertName("xvdd1", 193, 22 << 8 | 65);
  }

  @Test
  void numbersOfNoDiskAreRefused() {
    for (long bad : new long[] {-1, 0, 9 << 8, 1L << 29, 1L << 40}) {
      KernelException refusal = assertThrows(KernelException.class, () -> DiskName.of(bad));
      assertEquals(Errno.ENODEV, refusal.errno());
    }
  }
}
