package dev.xenbus.xenstore.conformance;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/// What a reply is to be.
public sealed interface Expected {
  /// Returns whether the reply is as expected.
  boolean matches(Message reply);

  /// Nothing is expected: the line is no request.
  record Nothing() implements Expected {
    @Override
    public boolean matches(Message reply) {
      return true;
    }
  }

  /// Any reply that is no error.
  record Success() implements Expected {
    @Override
    public boolean matches(Message reply) {
      return !isError(reply);
    }
  }

  /// An error.
  ///
  /// @param name such as `ENOENT`
  record Failure(String name) implements Expected {
    @Override
    public boolean matches(Message reply) {
      return isError(reply) && reply.string().equals(name);
    }
  }

  /// Exactly this payload.
  ///
  /// @param text one char a byte
  record Payload(String text) implements Expected {
    @Override
    public boolean matches(Message reply) {
      byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
      return !isError(reply) && Arrays.equals(bytes, reply.payload());
    }
  }

  /// Exactly these strings, each with its NUL.
  ///
  /// @param strings in order
  record Strings(List<String> strings) implements Expected {
    @Override
    public boolean matches(Message reply) {
      byte[] bytes = Message.payloadOf(strings.toArray(String[]::new));
      return !isError(reply) && Arrays.equals(bytes, reply.payload());
    }
  }

  /// A payload that an expression matches, NULs as line ends.
  ///
  /// @param expression the expression
  record Matching(Pattern expression) implements Expected {
    @Override
    public boolean matches(Message reply) {
      String text = new String(reply.payload(), StandardCharsets.ISO_8859_1).replace('\0', '\n');
      return !isError(reply) && expression.matcher(text).matches();
    }
  }

  private static boolean isError(Message reply) {
    return reply.header().type() == MessageType.ERROR.code();
  }
}
