package dev.xenbus.linux.api;

import java.util.Optional;

/// A socket that sends ICMP echo requests and hears the answers to them, as `ping` has one. Used by
/// one task.
public interface IcmpSocket extends AutoCloseable {
  /// Most answers that wait to be received; more are dropped.
  int ANSWERS_MAX = 64;

  /// Returns the identifier in its requests.
  int identifier();

  /// Sends one echo request.
  ///
  /// @param sequence 0 to 65535
  /// @throws KernelException `ENETUNREACH` if no device leads there, `EMSGSIZE` if it does not fit
  ///     into one frame
  void send(Ipv4Address to, int sequence, byte[] payload) throws KernelException;

  /// Waits, interruptibly, for an answer.
  ///
  /// @param timeoutNanos at most how long
  /// @return empty if the time is over or a signal came
  Optional<Answer> receive(long timeoutNanos);

  /// Closes it. May be called twice.
  @Override
  void close();

  /// What came back.
  ///
  /// @param kind what
  /// @param from who sent it
  /// @param sequence the request that it answers
  /// @param ttl its time to live
  /// @param payloadBytes how many bytes of payload it brings
  /// @param nanos when it came, since boot
  record Answer(Kind kind, Ipv4Address from, int sequence, int ttl, int payloadBytes, long nanos) {}

  /// What may come back.
  enum Kind {
    /// The echo.
    REPLY,
    /// Nobody answers at that address.
    HOST_UNREACHABLE
  }
}
