package dev.xenbus.xenstored.store;

/// Hears of everything that connections ask and are told, as it happens. Called by the store's
/// thread; keeps none of the arrays.
public interface Journal {
  /// A connection begins.
  void connected(Client client);

  /// A connection ended.
  void disconnected(Client client);

  /// A request is about to be executed.
  ///
  /// @param type its type, as sent
  /// @param start where in `buffer` its payload starts
  /// @param end where it ends
  void request(Client client, int type, int transactionId, byte[] buffer, int start, int end);

  /// The last [#request] was put off: it comes again.
  void takeBack();

  /// The last [#request] failed.
  ///
  /// @param error the name that is sent
  void failed(Client client, int transactionId, String error);

  /// A watch fired.
  ///
  /// @param path what for, absolute, from `start` to `end`
  void event(Client client, byte[] path, int start, int end, byte[] token);

  /// A line of an administrator (CONTROL `print`).
  void line(String text);
}
