package dev.xenbus.xl;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The number that stands for a disk's name in a guest (`libxl__device_disk_dev_number`; see
/// `docs/man/xen-vbd-interface.7`).
final class DiskNumber {
  private static final int XVD_MAJOR = 202;
  private static final int SD_MAJOR = 8;
  private static final long EXTENDED = 1L << 28;
  private static final int EXTENDED_DISK_MAX = (1 << 20) - 1;
  private static final Pattern NUMBERED = Pattern.compile("d(\\d{1,9})(?:p(\\d{1,9}))?");
  private static final Pattern LETTERED = Pattern.compile("(xvd|sd|hd)([a-z]{1,5})(\\d{0,9})");
  private static final Pattern NUMBER = Pattern.compile("0[xX][0-9a-fA-F]{1,8}|\\d{1,10}");

  private DiskNumber() {}

  /// Returns the number, or empty if the name is none of a disk.
  static OptionalLong of(String vdev) {
    if (NUMBER.matcher(vdev).matches()) {
      return OptionalLong.of(Long.decode(vdev));
    }
    Matcher numbered = NUMBERED.matcher(vdev);
    if (numbered.matches()) {
      return xvd(Integer.parseInt(numbered.group(1)), partition(numbered.group(2)));
    }
    Matcher lettered = LETTERED.matcher(vdev);
    if (!lettered.matches()) {
      return OptionalLong.empty();
    }
    int disk = index(lettered.group(2));
    int partition = partition(lettered.group(3));
    return switch (lettered.group(1)) {
      case "xvd" -> xvd(disk, partition);
      case "sd" -> sd(disk, partition);
      default -> hd(disk, partition);
    };
  }

  private static OptionalLong xvd(int disk, int partition) {
    if (disk <= 15 && partition <= 15) {
      return OptionalLong.of((XVD_MAJOR << 8) | (disk << 4) | partition);
    }
    return disk <= EXTENDED_DISK_MAX && partition <= 255
        ? OptionalLong.of(EXTENDED | ((long) disk << 8) | partition)
        : OptionalLong.empty();
  }

  private static OptionalLong sd(int disk, int partition) {
    return disk <= 15 && partition <= 15
        ? OptionalLong.of((SD_MAJOR << 8) | (disk << 4) | partition)
        : OptionalLong.empty();
  }

  private static OptionalLong hd(int disk, int partition) {
    int major = disk < 2 ? 3 : 22;
    return disk <= 3 && partition <= 63
        ? OptionalLong.of((major << 8) | ((disk & 1) << 6) | partition)
        : OptionalLong.empty();
  }

  // a = 0, z = 25, aa = 26
  private static int index(String letters) {
    int index = 0;
    for (int i = 0; i < letters.length(); i++) {
      index = index * 26 + (letters.charAt(i) - 'a' + 1);
    }
    return index - 1;
  }

  @SuppressWarnings("NullAway") // a group that did not take part is null
  private static int partition(String digits) {
    return digits == null || digits.isEmpty() ? 0 : Integer.parseInt(digits);
  }
}
