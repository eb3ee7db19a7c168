package dev.xenbus.xenstored.store;

/// Keeps guests from making everybody's transactions fail by writing without end (XSA-206): writes
/// of guests while transactions are open come out of one common income.
///
/// Rate and bursts are those of the C daemon: 200 writes a second for all, 10 saved up by a domain,
/// 50 for a new one. What nobody lacks is not saved beyond one more burst.
final class WriteRate {
  /// Thousandths of a write that a domain saves up.
  static final long DOMAIN_BURST = 10_000;

  /// How long the income for one write takes.
  static final long NANOS_PER_WRITE = 5_000_000;

  private static final long RATE_MILLIS_PER_SECOND = 200_000;
  private static final long RESERVE = DOMAIN_BURST;
  private static final long WRITE = 1_000;
  private static final long NANOS_PER_MILLI_CREDIT = 1_000_000_000L / RATE_MILLIS_PER_SECOND;

  private long reserve = RESERVE;
  private long paidUntilNanos;

  /// Charges a domain for one write.
  void charge(Domain domain, long nowNanos) {
    refill(domain, nowNanos);
    domain.credit().add(-WRITE);
  }

  /// Gives a domain what it lacks, as far as the common reserve goes.
  void refill(Domain domain, long nowNanos) {
    long income = (nowNanos - paidUntilNanos) / NANOS_PER_MILLI_CREDIT;
    paidUntilNanos += income * NANOS_PER_MILLI_CREDIT;
    reserve = Math.min(RESERVE, reserve + income);
    long lacking = Math.max(0, DOMAIN_BURST - domain.credit().millis());
    long given = Math.min(lacking, reserve);
    domain.credit().add(given);
    reserve -= given;
  }
}
