package dev.xenbus.linux.command;

import dev.xenbus.linux.api.KernelException;
import java.util.ArrayList;
import java.util.List;

/// `uname`: what kernel this is.
public final class Uname extends KernelCommand {
  /// For the service loader.
  public Uname() {
    super(
        "uname",
        "says what kernel this is",
        """
        uname [-asnrvm]
          -a  all  -s  its name  -n  the host's name  -r  its release  -v  its version  -m  machine
        """,
        1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    StringBuilder letters = new StringBuilder();
    for (String word : arguments) {
      if (!word.matches("-[asnrvm]+")) {
        throw new UsageException("extra operand '" + word + "'");
      }
      letters.append(word, 1, word.length());
    }
    String wanted = letters.isEmpty() ? "s" : letters.indexOf("a") >= 0 ? "snrvm" : letters + "";
    List<String> parts = new ArrayList<>();
    for (char letter : "snrvm".toCharArray()) {
      if (wanted.indexOf(letter) >= 0) {
        parts.add(part(context, letter));
      }
    }
    context.out().println(String.join(" ", parts));
    return 0;
  }

  private static String part(Context context, char letter) {
    return switch (letter) {
      case 's' -> "Linux";
      case 'n' -> file(context, "hostname");
      case 'r' -> file(context, "osrelease");
      case 'v' -> "#1";
      default -> "x86_64";
    };
  }

  private static String file(Context context, String name) {
    try {
      return context.kernel().files().read("/proc/sys/kernel/" + name).strip();
    } catch (KernelException e) {
      return "unknown";
    }
  }
}
