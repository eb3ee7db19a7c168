package dev.xenbus.linux.api;

/// Event counts of one xenbus device, shown in its sysfs group `xenbus`. Written in interrupt
/// context of its kernel, read by anyone.
public final class EventStatistics {
  private volatile int eventChannels;
  private volatile long events;
  private volatile long spuriousEvents;
  private volatile long jiffiesEoiDelayed;
  private volatile long spuriousThreshold = 1;

  /// Makes counters that stand at 0.
  public EventStatistics() {}

  /// Counts a channel that was bound (1) or closed (-1); under the interrupt's serialisation.
  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time: the kernel's interrupt line
  public void channels(int change) {
    eventChannels += change;
  }

  /// Counts an event.
  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time: the kernel's interrupt line
  public void event() {
    events++;
  }

  /// Counts an event that brought no work, and for how long its channel is kept silent.
  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time: the kernel's interrupt line
  public void spurious(long delayJiffies) {
    spuriousEvents++;
    jiffiesEoiDelayed += delayJiffies;
  }

  /// Returns how many channels are bound.
  public int eventChannels() {
    return eventChannels;
  }

  /// Returns how many events came.
  public long events() {
    return events;
  }

  /// Returns how many of them brought no work.
  public long spuriousEvents() {
    return spuriousEvents;
  }

  /// Returns by how many ticks EOIs were delayed.
  public long jiffiesEoiDelayed() {
    return jiffiesEoiDelayed;
  }

  /// Returns how many spurious events in a row pass without delay, as it was set: 0 acts as 1.
  public long spuriousThreshold() {
    return spuriousThreshold;
  }

  /// Sets how many spurious events in a row pass without delay.
  ///
  /// @param threshold 0 to 4294967295; from 10 on nothing is delayed, since the count ends there
  public void spuriousThreshold(long threshold) {
    spuriousThreshold = threshold;
  }
}
