package dev.xenbus.netback;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.atomic.AtomicLong;

/// What `ethtool -S` shows of one queue; "rx" is what the interface receives, so what the guest
/// sends.
final class QueueStatistics {
  /// GSO packets without a blank checksum, which were made right.
  final AtomicLong rxGsoChecksumFixup = new AtomicLong();

  /// Packets handed on with pages of the guest.
  final AtomicLong txZerocopySent = new AtomicLong();

  /// Those of them whose pages came back without having been copied.
  final AtomicLong txZerocopySuccess = new AtomicLong();

  /// Those of them whose pages were copied.
  final AtomicLong txZerocopyFail = new AtomicLong();

  /// Packets with more pages than a packet may have, put together anew.
  final AtomicLong txFragOverflow = new AtomicLong();

  /// Returns the sums over queues, in the order of `ethtool -S`. Mirrors `xenvif_stats`
  /// (`drivers/net/xen-netback/interface.c`).
  static SequencedMap<String, Long> sum(List<QueueStatistics> queues) {
    SequencedMap<String, Long> sums = new LinkedHashMap<>();
    sums.put("rx_gso_checksum_fixup", 0L);
    sums.put("tx_zerocopy_sent", 0L);
    sums.put("tx_zerocopy_success", 0L);
    sums.put("tx_zerocopy_fail", 0L);
    sums.put("tx_frag_overflow", 0L);
    for (QueueStatistics queue : queues) {
      sums.merge("rx_gso_checksum_fixup", queue.rxGsoChecksumFixup.get(), Long::sum);
      sums.merge("tx_zerocopy_sent", queue.txZerocopySent.get(), Long::sum);
      sums.merge("tx_zerocopy_success", queue.txZerocopySuccess.get(), Long::sum);
      sums.merge("tx_zerocopy_fail", queue.txZerocopyFail.get(), Long::sum);
      sums.merge("tx_frag_overflow", queue.txFragOverflow.get(), Long::sum);
    }
    return sums;
  }
}
