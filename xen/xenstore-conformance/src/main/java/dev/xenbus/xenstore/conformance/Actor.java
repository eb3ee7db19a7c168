package dev.xenbus.xenstore.conformance;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageHeader;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.xenstore.conformance.StoreScript.Step;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// One connection in a script: what it asked, and the events that wait.
final class Actor implements AutoCloseable {
  private final Target.Channel channel;
  private final SequencedMap<String, Integer> transactions = new LinkedHashMap<>();
  private final ArrayDeque<Event> events = new ArrayDeque<>();
  private int requests;

  private record Event(List<String> strings, int seenDuring) {}

  Actor(Target.Channel channel) {
    this.channel = channel;
  }

  void sendBytes(byte[] bytes) throws IOException {
    channel.send(bytes);
  }

  /// Sends the request behind the word `SEND`, and does not wait.
  void post(Step step) throws IOException {
    requests++;
    channel.send(
        encode(
            new Step(
                step.lineNumber(),
                step.actor(),
                step.transaction(),
                1,
                step.arguments().getFirst(),
                step.arguments().subList(1, step.arguments().size()),
                step.expected(),
                step.alternatives())));
  }

  /// Sends a request and returns its reply; events that come first are kept.
  Message ask(Step step) throws IOException {
    requests++;
    channel.send(encode(step));
    Message reply = nextReply(Integer.toString(requests));
    remember(step, reply);
    return reply;
  }

  /// Returns the next reply; events that come first are kept.
  ///
  /// @param id the request's id that it must have, `-` for any
  Message nextReply(String id) throws IOException {
    while (true) {
      Message message =
          channel
              .receive(ScriptRunner.REPLY_MILLIS)
              .orElseThrow(() -> new EOFException("no reply in time"));
      if (message.header().type() != MessageType.WATCH_EVENT.code()) {
        if (!id.equals("-") && message.header().requestId() != Integer.parseInt(id)) {
          throw new EOFException("reply to request " + message.header().requestId());
        }
        return message;
      }
      events.add(new Event(message.strings(), requests));
    }
  }

  private void remember(Step step, Message reply) {
    if (step.operation().equals("START")
        && reply.header().type() == MessageType.TRANSACTION_START.code()) {
      transactions.put(step.arguments().getFirst(), Integer.parseInt(reply.string()));
    }
  }

  private byte[] encode(Step step) {
    List<String> arguments = step.arguments();
    return switch (step.operation()) {
      case "START" -> frame(MessageType.TRANSACTION_START.code(), step, "\0");
      case "COMMIT" -> frame(MessageType.TRANSACTION_END.code(), step, "T\0");
      case "ABORT" -> frame(MessageType.TRANSACTION_END.code(), step, "F\0");
      case "WRITE" ->
          frame(MessageType.WRITE.code(), step, arguments.get(0) + "\0" + arguments.get(1));
      case "RAW" ->
          frame(typeOf(arguments.get(0)), step, arguments.size() > 1 ? arguments.get(1) : "");
      default -> {
        StringBuilder payload = new StringBuilder();
        arguments.forEach(argument -> payload.append(argument).append('\0'));
        yield frame(typeOf(step.operation()), step, payload.toString());
      }
    };
  }

  private static int typeOf(String name) {
    if (name.matches("[0-9]+")) {
      return Integer.parseInt(name);
    }
    try {
      return MessageType.valueOf(name).code();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " is no operation", e);
    }
  }

  private byte[] frame(int type, Step step, String text) {
    byte[] payload = ScriptRunner.bytes(text);
    ByteBuffer frame = ByteBuffer.allocate(MessageHeader.BYTES + payload.length);
    new MessageHeader(type, requests, transactionOf(step), payload.length).writeTo(frame);
    return frame.put(payload).array();
  }

  /// Returns the id of the step's transaction; a number stands for itself.
  private int transactionOf(Step step) {
    String name = step.transaction();
    if (name.isEmpty()) {
      return 0;
    }
    return name.matches("[0-9]+") ? Integer.parseInt(name) : transactions.getOrDefault(name, -1);
  }

  /// Expects the next event.
  ///
  /// @param order -1 if it must have come before the last reply, 1 if behind it, 0 if either
  Optional<String> expectEvent(Step step, int order) throws IOException {
    if (events.isEmpty()) {
      Optional<Message> message = channel.receive(ScriptRunner.REPLY_MILLIS);
      if (message.isEmpty()) {
        return Optional.of("no event came");
      }
      events.add(new Event(message.get().strings(), requests + 1));
    }
    Event event = events.removeFirst();
    if (!event.strings().equals(step.arguments())) {
      return Optional.of("expected " + step.arguments() + ", got " + event.strings());
    }
    if (order < 0 && event.seenDuring() > requests) {
      return Optional.of("it came behind the reply");
    }
    if (order > 0 && event.seenDuring() <= requests) {
      return Optional.of("it came before the reply");
    }
    return Optional.empty();
  }

  /// Expects that no event waits: what was fired before a round trip comes before its reply.
  Optional<String> expectNoEvent() throws IOException {
    List<String> seen = new ArrayList<>();
    Step trip =
        new StoreScript.Step(
            0,
            "",
            "",
            1,
            "GET_DOMAIN_PATH",
            List.of("0"),
            new Expected.Success(),
            new LinkedHashMap<>());
    ask(trip);
    ask(trip);
    events.forEach(event -> seen.add(event.strings().toString()));
    return seen.isEmpty() ? Optional.empty() : Optional.of("there are events: " + seen);
  }

  Optional<String> expectClosed() throws IOException {
    try {
      return Optional.of("it is open, and sent " + channel.receive(ScriptRunner.REPLY_MILLIS));
    } catch (EOFException _) {
      return Optional.empty();
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
