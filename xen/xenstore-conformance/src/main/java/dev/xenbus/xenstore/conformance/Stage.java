package dev.xenbus.xenstore.conformance;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.xenstore.conformance.StoreScript.Step;
import java.io.EOFException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/// The actors of one script and their connections.
final class Stage implements AutoCloseable {
  private final Target target;
  private final SequencedMap<String, Actor> actors = new LinkedHashMap<>();

  Stage(Target target) {
    this.target = target;
  }

  /// Opens every actor's connection.
  ///
  /// @return what the target lacks, if it lacks something
  Optional<String> prepare(StoreScript script) throws IOException {
    for (Step step : script.steps()) {
      String name = step.actor();
      if (!actors.containsKey(name)) {
        Optional<Target.Channel> channel = open(name);
        if (channel.isEmpty()) {
          return Optional.of("the target has no domain " + StoreScript.domainOf(name));
        }
        actors.put(name, new Actor(channel.get()));
      }
    }
    return Optional.empty();
  }

  private Optional<Target.Channel> open(String actor) throws IOException {
    return actor.startsWith("s")
        ? Optional.of(target.open())
        : target.openDomain(StoreScript.domainOf(actor));
  }

  /// Plays a line.
  ///
  /// @return what was wrong, if something was
  Optional<String> play(Step step) throws IOException {
    Actor actor = actors.get(step.actor());
    if (actor == null) {
      throw new IllegalStateException(step.actor() + " was not prepared");
    }
    try {
      return switch (step.operation()) {
        case "EVENT" -> actor.expectEvent(step, 0);
        case "EVENT_BEFORE" -> actor.expectEvent(step, -1);
        case "EVENT_AFTER" -> actor.expectEvent(step, 1);
        case "NONE" -> actor.expectNoEvent();
        case "CLOSED" -> actor.expectClosed();
        case "RECONNECT" -> {
          actor.close();
          actors.put(step.actor(), new Actor(open(step.actor()).orElseThrow()));
          yield Optional.empty();
        }
        case "BYTES" -> {
          actor.sendBytes(ScriptRunner.bytes(step.arguments().getFirst()));
          yield Optional.empty();
        }
        default -> request(actor, step);
      };
    } catch (EOFException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private static Optional<String> request(Actor actor, Step step) throws IOException {
    Message reply = actor.ask(step);
    return step.expected().matches(reply)
        ? Optional.empty()
        : Optional.of("expected " + step.expected() + ", got " + show(reply));
  }

  static String show(Message reply) {
    String type =
        dev.xenbus.abi.xenstore.MessageType.ofCode(reply.header().type())
            .map(Enum::name)
            .orElse("type " + reply.header().type());
    return type + " \"" + reply.string().replace("\0", "\\0") + "\"";
  }

  @Override
  public void close() throws IOException {
    for (Actor actor : actors.values()) {
      actor.close();
    }
    actors.clear();
  }
}
