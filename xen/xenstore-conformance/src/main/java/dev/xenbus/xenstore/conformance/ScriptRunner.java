package dev.xenbus.xenstore.conformance;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.xenstore.conformance.StoreScript.Step;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Runs scripts against a target, one after the other; what a script made is removed after it.
public final class ScriptRunner {
  /// How long a reply may take.
  static final int REPLY_MILLIS = 5_000;

  private final Target target;

  /// How a script ended.
  public enum Outcome {
    /// The fact holds.
    HOLDS,
    /// It does not.
    BROKEN,
    /// It is not about this target: another profile's, or about a domain that it does not have.
    SKIPPED
  }

  /// What became of a script.
  ///
  /// @param script the script
  /// @param outcome how it ended
  /// @param detail why, empty if it holds
  public record Result(StoreScript script, Outcome outcome, String detail) {}

  /// Makes a runner.
  public ScriptRunner(Target target) {
    this.target = target;
  }

  /// Runs one script.
  public Result run(StoreScript script) {
    if (!script.holdsFor(target.profile())) {
      return new Result(script, Outcome.SKIPPED, "not a fact of profile " + target.profile());
    }
    try {
      List<String> before = rootNames();
      try {
        return runOnStage(script);
      } finally {
        removeNewRoots(before);
        releaseDomains(script);
      }
    } catch (IOException e) {
      return new Result(script, Outcome.BROKEN, "the target failed: " + e.getMessage());
    }
  }

  private Result runOnStage(StoreScript script) throws IOException {
    try (Stage stage = new Stage(target)) {
      Optional<String> missing = stage.prepare(script);
      return missing.isPresent()
          ? new Result(script, Outcome.SKIPPED, missing.get())
          : play(script, stage);
    }
  }

  private static Result play(StoreScript script, Stage stage) throws IOException {
    for (Step step : script.steps()) {
      Optional<String> wrong = stage.play(step);
      if (wrong.isPresent()) {
        String where = script.name() + ":" + step.lineNumber() + ": " + step;
        return new Result(script, Outcome.BROKEN, where + ": " + wrong.get());
      }
    }
    return new Result(script, Outcome.HOLDS, "");
  }

  private List<String> rootNames() throws IOException {
    try (Target.Channel channel = target.open()) {
      return ask(channel, MessageType.DIRECTORY, "/").strings();
    }
  }

  private void removeNewRoots(List<String> before) throws IOException {
    try (Target.Channel channel = target.open()) {
      List<String> now = new ArrayList<>(ask(channel, MessageType.DIRECTORY, "/").strings());
      now.removeAll(before);
      for (String name : now) {
        ask(channel, MessageType.RM, "/" + name);
      }
    }
  }

  /// Takes the script's domains away, so that the next one finds none with a past.
  private void releaseDomains(StoreScript script) throws IOException {
    try (Target.Channel channel = target.open()) {
      for (int domid : script.domainsMade()) {
        ask(channel, MessageType.RELEASE, Integer.toString(domid));
        target.hypervisor().ifPresent(xen -> xen.kill(domid));
      }
    }
  }

  private static Message ask(Target.Channel channel, MessageType type, String path)
      throws IOException {
    channel.send(Message.of(type, 1, TransactionId.NONE, Message.payloadOf(path)).encode());
    while (true) {
      Message message =
          channel.receive(REPLY_MILLIS).orElseThrow(() -> new EOFException("no answer: " + type));
      if (message.header().type() != MessageType.WATCH_EVENT.code()) {
        return message;
      }
    }
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
