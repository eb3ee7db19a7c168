package dev.xenbus.abi.xenstore;

/// Number of a transaction (`xs_transaction_t`), 32 bits, known to its own connection alone.
///
/// @param value the bits; 0 for none
public record TransactionId(int value) {
  /// Not in a transaction (`XBT_NIL`).
  public static final TransactionId NONE = new TransactionId(0);

  /// Returns the id with the given bits.
  public static TransactionId of(int value) {
    return value == 0 ? NONE : new TransactionId(value);
  }

  /// Returns whether this stands for "not in a transaction".
  public boolean isNone() {
    return value == 0;
  }

  /// Returns the decimal number, as the reply to TRANSACTION_START has it.
  @Override
  public String toString() {
    return Integer.toUnsignedString(value);
  }
}
