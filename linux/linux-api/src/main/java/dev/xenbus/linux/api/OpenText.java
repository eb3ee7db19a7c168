package dev.xenbus.linux.api;

import dev.xenbus.machine.WaitQueue;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// An open file whose content is made when it is read first, as that of a `seq_file`. One task's.
final class OpenText implements OpenFile {
  private final KernelFiles.KernelFile file;
  private byte @Nullable [] content;
  private int at;

  OpenText(KernelFiles.KernelFile file) {
    this.file = file;
  }

  @Override
  public byte[] read(int bytesMax, boolean nonblocking) throws KernelException {
    byte[] all = content;
    if (all == null) {
      all = file.read().getBytes(StandardCharsets.UTF_8);
      content = all;
    }
    int from = at;
    at = Math.min(all.length, from + bytesMax);
    return Arrays.copyOfRange(all, from, at);
  }

  @Override
  public void write(byte[] bytes) throws KernelException {
    file.write(new String(bytes, StandardCharsets.UTF_8));
  }

  @Override
  public boolean isReadable() {
    return true;
  }

  @Override
  public WaitQueue.Wake awaitReadable(long timeoutNanos) {
    return WaitQueue.Wake.READY;
  }

  @Override
  public void onReadable(Runnable rouse) {}

  @Override
  public void close() {}
}
