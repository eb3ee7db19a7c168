package dev.xenbus.guest;

import dev.xenbus.linux.api.ConsoleTty;
import dev.xenbus.linux.shell.Shell;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// The shell on a guest's console: echoes and edits the line, runs it, and marks where its output
/// begins and ends as terminals know it (OSC 133): `ESC ] 133 ; C BEL` before the output,
/// `ESC ] 133 ; D ; <exit code> BEL` behind it, `A` and `B` around the prompt.
///
/// Threads: the process `sh` alone; control-C may come in any context.
final class ConsoleShell {
  /// Longest line; what is typed beyond it is lost (`N_TTY_BUF_SIZE`).
  static final int LINE_BYTES_MAX = 4095;

  private static final byte CONTROL_C = 0x03;
  private static final byte CONTROL_U = 0x15;
  private static final byte BACKSPACE = 0x08;
  private static final byte DELETE = 0x7F;

  private final ConsoleTty tty;
  private final String prompt;
  private final Shell.Options shellOptions;
  private Shell shell;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  ConsoleShell(GuestInit.Options options, ConsoleTty tty) {
    this.tty = tty;
    this.prompt = mark("A") + options.hostname() + ":~# " + mark("B");
    this.shellOptions =
        new Shell.Options(
            options.kernel(),
            options.commands(),
            options.services(),
            Optional.empty(),
            this::print,
            this::print,
            this::print);
    this.shell = new Shell(shellOptions);
  }

  private static String mark(String text) {
    return "\u001b]133;" + text + "\u0007";
  }

  private void print(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    tty.write(bytes, bytes.length);
  }

  /// Runs until the console is gone.
  int run() {
    byte[] bytes = new byte[256];
    print(prompt);
    while (true) {
      int count = tty.read(bytes);
      if (count <= 0) {
        return 0;
      }
      for (int i = 0; i < count; i++) {
        take(bytes[i]);
      }
    }
  }

  private void take(byte b) {
    switch (b) {
      case '\r', '\n' -> enter();
      case CONTROL_C -> {
        line.reset();
        print("^C\n" + prompt);
      }
      case CONTROL_U -> {
        erase(line.size());
      }
      case BACKSPACE, DELETE -> erase(1);
      default -> {
        // What moves the cursor is not for this editor; the rest is a character or a part of one.
        if ((b & 0xFF) >= ' ' && line.size() < LINE_BYTES_MAX) {
          line.write(b);
          tty.write(new byte[] {b}, 1);
        }
      }
    }
  }

  /// Takes characters off the end of the line, whole ones of UTF-8.
  private void erase(int characters) {
    byte[] all = line.toByteArray();
    int end = all.length;
    for (int i = 0; i < characters && end > 0; i++) {
      end--;
      while (end > 0 && (all[end] & 0xC0) == 0x80) {
        end--;
      }
      print("\b \b");
    }
    line.reset();
    line.write(all, 0, end);
  }

  private void enter() {
    String text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    print("\n" + mark("C"));
    int exit = shell.execute(text, tty::onInterrupt);
    if (shell.exitAsked()) {
      shell = new Shell(shellOptions); // as getty starts the next one
    }
    print(mark("D;" + (exit < 0 || exit > 255 ? Shell.INTERRUPTED : exit)) + prompt);
  }
}
