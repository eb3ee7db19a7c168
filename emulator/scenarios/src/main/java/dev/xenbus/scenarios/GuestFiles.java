package dev.xenbus.scenarios;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KnownBug;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// The files that a scenario's guests are made of: configurations and images of disks.
///
/// @param folder where they are written
/// @param kernel dom0's; a guest's has the known faults that it has
/// @param dispatcher the design that a driver domain has on its command line
record GuestFiles(Path folder, Kernel kernel, Dispatcher dispatcher) {
  private static final int POOL_BYTES = 256 << 10;
  private static final int IMAGE_BYTES = 256 << 10;

  /// Writes the configuration and the image of a paravirtual guest with both devices.
  void guest(int number) {
    guestWithoutImage(number);
    image(number);
  }

  /// Makes the image of a guest's disk, which is empty.
  void image(int number) {
    write("g" + number + ".img", new byte[IMAGE_BYTES]);
  }

  /// Writes the files of a guest with traffic: the others send nothing of their own accord.
  void guestWithTraffic(int number) {
    configure(number, "");
    image(number);
  }

  /// Writes a guest's configuration, but makes no image for its disk.
  void guestWithoutImage(int number) {
    configure(number, "traffic=off");
  }

  /// Writes the configuration of a guest that has no devices but its console.
  void bareGuest(int number) {
    write(
        "g" + number + ".cfg",
        """
        name   = "g%1$d"
        memory = 64
        kernel = "vmlinuz"
        extra  = "%2$s"
        """
            .formatted(number, ("traffic=off " + bugs()).strip()));
  }

  private void configure(int number, String extra) {
    write(
        "g" + number + ".cfg",
        """
        name   = "g%1$d"
        memory = 64
        kernel = "vmlinuz"
        extra  = "%2$s"
        disk   = [ 'g%1$d.img,raw,xvda,rw' ]
        vif    = [ 'mac=00:16:3e:00:00:%1$02d,bridge=xenbr0' ]
        """
            .formatted(number, (extra + " " + bugs()).strip()));
  }

  /// Returns the words that give a guest's kernel the known faults that dom0's has.
  private String bugs() {
    String labels =
        Arrays.stream(KnownBug.values())
            .filter(kernel::hasBug)
            .map(KnownBug::label)
            .collect(Collectors.joining(","));
    return labels.isEmpty() ? "" : KnownBug.MODULE + "." + KnownBug.PARAMETER.name() + "=" + labels;
  }

  /// Writes `ddom.cfg`: a driver domain with a disk for each guest that it is to serve, an
  /// interface on dom0's bridge, and the design that is played on its own command line.
  void driverDomain(int guests) {
    List<String> disks = new ArrayList<>();
    for (int number = 1; number <= guests; number++) {
      byte[] bytes = new byte[POOL_BYTES]; // block 20 is like no other
      Arrays.fill(bytes, (byte) number);
      Arrays.fill(bytes, 20 * 4096, 21 * 4096, (byte) '#');
      write("pool" + number + ".img", bytes);
      disks.add("'pool" + number + ".img,raw," + vdev(number) + ",rw'");
    }
    write(
        "ddom.cfg",
        """
        name   = "ddom"
        memory = 128
        kernel = "vmlinuz"
        extra  = "traffic=off %s"
        driver_domain = 1
        disk   = [ %s ]
        vif    = [ 'mac=00:16:3e:00:01:00,bridge=xenbr0' ]
        """
            .formatted(dispatcher.parameter(), String.join(", ", disks)));
  }

  /// Writes the configuration of a guest whose disk and interface the driver domain serves; its
  /// traffic goes through the driver domain.
  void servedGuest(int number) {
    write(
        "g" + number + ".cfg",
        """
        name   = "g%1$d"
        memory = 64
        kernel = "vmlinuz"
        disk   = [ '/dev/%2$s,raw,xvda,rw,backend=ddom' ]
        vif    = [ 'mac=00:16:3e:00:00:%1$02d,bridge=xenbr0,backend=ddom' ]
        """
            .formatted(number, vdev(number)));
  }

  private static String vdev(int number) {
    return "xvd" + (char) ('a' + number - 1);
  }

  private void write(String name, String text) {
    write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  private void write(String name, byte[] bytes) {
    try {
      Files.write(folder.resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
