package dev.xenbus.xenstored.store;

/// A request of a guest that is not done with: its reply or one of the events that it caused has
/// not
/// been taken. Counts against the guest's quota `outstanding` until then.
final class Blame {
  private final Client client;
  private int pieces;

  Blame(Client client) {
    this.client = client;
    client.domain().add(Quota.OUTSTANDING, 1);
  }

  Client client() {
    return client;
  }

  /// The request was not executed.
  void cancel() {
    client.domain().add(Quota.OUTSTANDING, -1);
  }

  /// One more message is waiting.
  void take() {
    pieces++;
  }

  /// A message was taken or dropped.
  void release() {
    pieces--;
    if (pieces == 0) {
      client.domain().add(Quota.OUTSTANDING, -1);
    }
  }
}
