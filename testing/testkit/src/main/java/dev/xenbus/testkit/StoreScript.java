package dev.xenbus.testkit;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.MessageType;
import java.util.List;

/// What a test makes of the requests that reach its store.
@FunctionalInterface
public interface StoreScript {
  /// Everything is served.
  StoreScript SERVE_ALL = (from, type, strings) -> Verdict.SERVE;

  /// Decides about a request; called in the store's thread, may not sleep.
  ///
  /// @param strings the payload's strings
  Verdict judge(Domid from, MessageType type, List<String> strings);

  /// What happens to a request.
  sealed interface Verdict {
    /// It is served.
    Verdict SERVE = new Serve();

    /// It is kept; [TestStore#answerHeld] serves it later.
    Verdict HOLD = new Hold();

    /// It is swallowed.
    Verdict DROP = new Drop();
  }

  /// It is served.
  record Serve() implements Verdict {}

  /// It is kept.
  record Hold() implements Verdict {}

  /// It is swallowed.
  record Drop() implements Verdict {}

  /// It is refused.
  ///
  /// @param errno why
  record Fail(Errno errno) implements Verdict {}

  /// It is answered with a message of the test's own.
  ///
  /// @param typeCode the reply's type
  /// @param requestId the request id of the reply, or -1 for the right one
  /// @param text the payload
  record Answer(int typeCode, int requestId, String text) implements Verdict {}
}
