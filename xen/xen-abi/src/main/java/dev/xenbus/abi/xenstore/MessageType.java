package dev.xenbus.abi.xenstore;

import java.util.Optional;

/// What a message asks for or is (`enum xsd_sockmsg_type`). A reply has the type of its request, or
/// is [#ERROR].
public enum MessageType {
  /// Commands to the daemon itself (once DEBUG).
  CONTROL(0),
  /// Names of the children of a node.
  DIRECTORY(1),
  /// Value of a node.
  READ(2),
  /// Permissions of a node.
  GET_PERMS(3),
  /// Registers a watch.
  WATCH(4),
  /// Removes a watch.
  UNWATCH(5),
  /// Starts a transaction.
  TRANSACTION_START(6),
  /// Commits or drops a transaction.
  TRANSACTION_END(7),
  /// Makes a domain's ring known.
  INTRODUCE(8),
  /// Ends the service of a domain.
  RELEASE(9),
  /// Path of a domain's home.
  GET_DOMAIN_PATH(10),
  /// Sets the value of a node, making it if needed.
  WRITE(11),
  /// Makes a node.
  MKDIR(12),
  /// Removes a node and everything below.
  RM(13),
  /// Sets the permissions of a node.
  SET_PERMS(14),
  /// An event of a watch; never a request.
  WATCH_EVENT(15),
  /// A failed request's reply; never a request.
  ERROR(16),
  /// Whether a domain was introduced.
  IS_DOMAIN_INTRODUCED(17),
  /// A domain runs again after it was suspended.
  RESUME(18),
  /// Gives a domain the rights of another.
  SET_TARGET(19),
  // 20 was RESTRICT, removed in 4.11; its number is not used again.
  /// Drops all watches and transactions of the connection.
  RESET_WATCHES(21),
  /// A part of the names of the children of a node.
  DIRECTORY_PART(22),
  /// Features of the daemon, or those that a domain is offered.
  GET_FEATURE(23),
  /// Chooses the features that a domain will be offered.
  SET_FEATURE(24),
  /// Names or value of quotas.
  GET_QUOTA(25),
  /// Sets a quota.
  SET_QUOTA(26);

  private static final MessageType[] BY_CODE = new MessageType[27];

  static {
    for (MessageType type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final int code;

  MessageType(int code) {
    this.code = code;
  }

  /// Returns the number on the wire.
  public int code() {
    return code;
  }

  /// Returns the type with the given number, or empty if no type has it.
  ///
  /// @param code any 32 bits from the wire
  public static Optional<MessageType> ofCode(int code) {
    return code >= 0 && code < BY_CODE.length
        ? Optional.ofNullable(BY_CODE[code])
        : Optional.empty();
  }
}
