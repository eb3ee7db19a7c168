package dev.xenbus.netback;

import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.ParameterValues;
import java.time.Duration;
import java.util.List;

/// The module's parameters.
///
/// @param separateTxRxIrq whether the two directions may have an event channel each
/// @param rxDrainMillis how long a packet may wait for the guest's buffers
/// @param rxStallMillis after how long without a delivery a queue counts as stalled; 0 for never
/// @param maxQueues how many queues a guest may ask for
/// @param fatalSlots with more further slots than this a packet disables the interface; at least 18
/// @param hashCacheSize how many flows remember their hash
/// @param providesXdpHeadroom whether the guest may ask for room in front of the data
record NetbackParameters(
    boolean separateTxRxIrq,
    long rxDrainMillis,
    long rxStallMillis,
    int maxQueues,
    int fatalSlots,
    int hashCacheSize,
    boolean providesXdpHeadroom) {
  /// Most queues that a guest may get, whatever the parameter says.
  private static final int QUEUES_LIMIT = 256;

  /// Processors of an emulated dom0: what `max_queues=0` stands for.
  private static final int CPUS = 4;

  private static final String SOURCE = "drivers/net/xen-netback/netback.c";

  static final List<KernelParameter> DECLARED =
      List.of(
          new KernelParameter(
              "separate_tx_rx_irq",
              KernelParameter.Type.FLAG,
              "1",
              "",
              "Offer an event channel for each direction.",
              SOURCE),
          new KernelParameter(
              "rx_drain_timeout_msecs",
              KernelParameter.Type.NUMBER,
              "10000",
              "ms",
              "How long a packet waits for the guest's buffers before it is dropped.",
              SOURCE),
          new KernelParameter(
              "rx_stall_timeout_msecs",
              KernelParameter.Type.NUMBER,
              "60000",
              "ms",
              "After how long without a delivery a queue counts as stalled; 0 for never.",
              SOURCE),
          new KernelParameter(
              "max_queues",
              KernelParameter.Type.NUMBER,
              "" + CPUS,
              "queues",
              "Most queues that a guest may have; 0 for one for each processor.",
              SOURCE),
          new KernelParameter(
              "fatal_skb_slots",
              KernelParameter.Type.NUMBER,
              "20",
              "slots",
              "A packet with more further slots than this disables the interface.",
              SOURCE),
          new KernelParameter(
              "hash_cache_size",
              KernelParameter.Type.NUMBER,
              "64",
              "flows",
              "How many flows remember their hash.",
              SOURCE),
          new KernelParameter(
              "provides_xdp_headroom",
              KernelParameter.Type.FLAG,
              "1",
              "",
              "Offer room in front of the data for programs of the guest.",
              SOURCE));

  static NetbackParameters of(ParameterValues values) {
    long queues = values.number("max_queues");
    long fatal = values.number("fatal_skb_slots");
    return new NetbackParameters(
        values.flag("separate_tx_rx_irq"),
        values.number("rx_drain_timeout_msecs"),
        values.number("rx_stall_timeout_msecs"),
        (int) Math.min(queues == 0 ? CPUS : queues, QUEUES_LIMIT),
        Math.clamp(fatal, TxReader.LEGACY_SLOTS_MAX, VifQueue.RING_SLOTS),
        (int) Math.min(values.number("hash_cache_size"), Integer.MAX_VALUE),
        values.flag("provides_xdp_headroom"));
  }

  long rxDrainNanos() {
    return Duration.ofMillis(rxDrainMillis).toNanos();
  }

  long rxStallNanos() {
    return Duration.ofMillis(rxStallMillis).toNanos();
  }
}
