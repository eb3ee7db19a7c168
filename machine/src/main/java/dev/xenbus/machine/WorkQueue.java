package dev.xenbus.machine;

/// Runs works in threads of its own (`workqueue_struct`), in order of arrival, at most `maxActive`
/// at a time. A work is its Runnable: queued once however often it is queued before it starts.
public interface WorkQueue extends AutoCloseable {
  /// Queues a work; returns false if it was waiting already.
  boolean queue(Runnable work);

  /// Queues a work once the given time is over; returns false if it was waiting already.
  boolean queueDelayed(Runnable work, long delayNanos);

  /// Waits until all that was queued before the call has run.
  void flush();

  /// Takes a work off the queue, or waits until it has run (`cancel_work_sync`).
  ///
  /// @return whether it was waiting
  boolean cancelSync(Runnable work);

  /// Runs what is queued, then ends the workers. May be called twice.
  @Override
  void close();
}
