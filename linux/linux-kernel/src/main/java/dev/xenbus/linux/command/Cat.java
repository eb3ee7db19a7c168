package dev.xenbus.linux.command;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.OpenFile;
import dev.xenbus.linux.api.TextOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// `cat`: prints files of `/proc` and `/sys`, and what comes from devices, until a signal ends
/// it; in dom0 also files outside of the emulator.
public final class Cat extends KernelCommand {
  /// Largest file from outside.
  private static final long OUTSIDE_BYTES_MAX = 1 << 20;

  private static final int CHUNK_BYTES = 4096;

  /// Exit code of a command that a signal ended: 128 + `SIGINT`.
  private static final int INTERRUPTED = 130;

  /// For the service loader.
  public Cat() {
    super("cat", "prints files of /proc, /sys and /dev", "cat FILE...", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    if (arguments.isEmpty()) {
      throw new UsageException("a file is wanted: there is no standard input");
    }
    int exit = 0;
    for (String name : arguments) {
      try {
        print(context, name);
      } catch (KernelException e) {
        if (e.errno() == Errno.EINTR) {
          return INTERRUPTED;
        }
        context.err().println("cat: " + name + ": " + e.errno().text());
        exit = 1;
      }
    }
    return exit;
  }

  private static void print(Context context, String name) throws KernelException {
    boolean isKernels = name.matches("/+(proc|sys|dev)(/.*)?");
    if (!isKernels && context.kernel().domid().equals(Domid.DOM0)) {
      context.out().print(outside(context.file(name)));
      return;
    }
    try (OpenFile file = context.kernel().files().open(name)) {
      copy(file, context.out());
    }
  }

  /// Prints what comes, as it comes; a character may come in two pieces.
  private static void copy(OpenFile file, TextOutput out) throws KernelException {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    ByteBuffer bytes = ByteBuffer.allocate(CHUNK_BYTES);
    CharBuffer chars = CharBuffer.allocate(CHUNK_BYTES);
    boolean isEnd;
    do {
      byte[] some = file.read(bytes.remaining(), false);
      isEnd = some.length == 0;
      decoder.decode(bytes.put(some).flip(), chars, isEnd);
      bytes.compact();
      out.print(chars.flip().toString());
      chars.clear();
    } while (!isEnd);
  }

  private static String outside(Path file) throws KernelException {
    if (Files.isDirectory(file)) {
      throw new KernelException(Errno.EISDIR, "is a directory: " + file);
    }
    if (!Files.exists(file)) {
      throw new KernelException(Errno.ENOENT, "no such file: " + file);
    }
    try {
      if (Files.size(file) > OUTSIDE_BYTES_MAX) {
        throw new KernelException(Errno.EINVAL, "more than 1 MiB: " + file);
      }
      return Files.readString(file);
    } catch (KernelException e) {
      throw e;
    } catch (IOException e) {
      throw new KernelException(Errno.EIO, "cannot read " + file, e);
    }
  }
}
