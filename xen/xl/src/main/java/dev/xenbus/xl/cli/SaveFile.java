package dev.xenbus.xl.cli;

import dev.xenbus.xl.DomainConfig;
import dev.xenbus.xl.XlHost;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/// What `xl save` writes: a first line that says what it is, a line with the ticket under which the
/// emulator keeps the guest, and the configuration as JSON, for whoever reads it.
///
/// Differs: the real file holds the guest's memory. Here the guest's kernel is kept by the emulator
/// itself, so that the file is good for one restore in the same emulator. A checkpoint keeps
/// nothing, since the guest goes on.
final class SaveFile {
  private static final String FIRST_LINE = "Xen saved domain, xenemu format";
  private static final String TICKET = "ticket ";
  private static final String CHECKPOINT = "checkpoint";

  private SaveFile() {}

  /// Returns how the real tools count a configuration in their messages.
  static String info(DomainConfig config) {
    return "0x3/0x0/" + json(config).getBytes(StandardCharsets.UTF_8).length;
  }

  private static String json(DomainConfig config) {
    return Json.text(ConfigJson.config(config.name(), config), 0) + "\n";
  }

  /// Writes the file of a guest that is kept.
  ///
  /// @throws IOException if it cannot be written
  static void write(Path file, long ticket, DomainConfig config) throws IOException {
    Files.writeString(file, FIRST_LINE + "\n" + TICKET + ticket + "\n" + json(config));
  }

  /// Writes the file of a guest that goes on.
  ///
  /// @throws IOException if it cannot be written
  static void writeCheckpoint(Path file, DomainConfig config) throws IOException {
    Files.writeString(file, FIRST_LINE + "\n" + CHECKPOINT + "\n" + json(config));
  }

  /// Returns the ticket in a file.
  ///
  /// @param name the file's, for messages
  /// @throws UsageException in one line: what is wrong with the file
  static long read(Path file, String name) throws UsageException {
    List<String> lines;
    try {
      lines = Files.readString(file).lines().limit(2).toList();
    } catch (NoSuchFileException _) {
      throw new UsageException(
          1, "Can't open restore file " + name + ": No such file or directory");
    } catch (IOException e) {
      throw new UsageException(1, "Can't open restore file " + name + ": " + e);
    }
    if (lines.size() < 2 || !lines.getFirst().equals(FIRST_LINE)) {
      throw new UsageException(1, name + ": not a file of xl save: line 1 is not " + FIRST_LINE);
    }
    String second = lines.get(1);
    if (second.equals(CHECKPOINT)) {
      throw new UsageException(
          1, name + ": is of a checkpoint: the guest went on, there is nothing to restore");
    }
    if (!second.matches(TICKET + "\\d{1,15}")) {
      throw new UsageException(1, name + ": line 2 is not " + TICKET + "N");
    }
    return Long.parseLong(second.substring(TICKET.length()));
  }

  /// Returns the guest of a ticket.
  ///
  /// @throws UsageException if it is not kept
  static XlHost.Saved guest(XlHost host, long ticket, String name) throws UsageException {
    return host.saved(ticket)
        .filter(saved -> saved.image().isUsable())
        .orElseThrow(
            () ->
                new UsageException(
                    1,
                    name
                        + ": ticket "
                        + ticket
                        + " is not kept: the guest was restored before, or saved by another"
                        + " emulator"));
  }
}
