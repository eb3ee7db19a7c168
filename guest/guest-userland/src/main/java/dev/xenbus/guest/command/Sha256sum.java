package dev.xenbus.guest.command;

import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.UserCommand;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/// `sha256sum`: the digest of a disk, or of a stretch of it. The options are ours.
public final class Sha256sum implements UserCommand {
  /// For the service loader.
  public Sha256sum() {}

  @Override
  public String name() {
    return "sha256sum";
  }

  @Override
  public String summary() {
    return "prints the SHA-256 digest of a disk, or of a stretch of it";
  }

  @Override
  public String usage() {
    return """
    usage: sha256sum [-i SKIP] [-n BYTES] DISK...
      -i  skip so many bytes first (not in GNU sha256sum)
      -n  read so many bytes (not in GNU sha256sum)
    """;
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.DOM0, Place.GUEST);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    RangeOptions options;
    try {
      options = RangeOptions.parse(arguments, 1, Integer.MAX_VALUE);
    } catch (UsageException e) {
      context.err().println("sha256sum: " + e.getMessage());
      return 1;
    }
    int exit = 0;
    for (String path : options.files()) {
      try (DiskRange range =
          DiskRange.open(context.kernel(), path, options.skip(), options.bytes())) {
        context.out().println(digest(range) + "  " + path);
      } catch (KernelException e) {
        context.err().println("sha256sum: " + path + ": " + e.errno().text());
        exit = 1;
      }
    }
    return exit;
  }

  private static String digest(DiskRange range) throws KernelException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    for (byte[] piece = range.next(); piece.length > 0; piece = range.next()) {
      digest.update(piece);
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
