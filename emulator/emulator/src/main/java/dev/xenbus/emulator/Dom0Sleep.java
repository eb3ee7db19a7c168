package dev.xenbus.emulator;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.linux.ProcessFreezer;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles.KernelFile;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.xs.XenbusXs;

/// The machine's sleep: `/sys/power/state`, and the clock that wakes it,
/// `/sys/class/rtc/rtc0/wakealarm` (`kernel/power/suspend.c`, `drivers/rtc/sysfs.c`).
///
/// Dom0's processes and the threads of its watches come to a rest first: one that is stuck makes
/// the whole suspend fail. Then every domain stands still until the alarm; without one the machine
/// wakes at once. Afterwards every watch is registered again.
///
/// Differs: mainline leaves xenbus alone when the machine sleeps; ours brings it to a rest, as the
/// suspend of a guest does.
///
/// Lock: `system_transition_mutex`, over a whole suspend.
final class Dom0Sleep {
  private static final String STATE_FILE = "/sys/power/state";
  private static final String ALARM_FILE = "/sys/class/rtc/rtc0/wakealarm";
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final int SECONDS_DIGITS_MAX = 12;

  private final Kernel kernel;
  private final DomainControl domains;
  private final XenbusXs xs;
  private final Mutex transitionMutex;

  /// When the machine is to wake, in seconds since 1970; 0 if no alarm is set.
  private volatile long alarmSeconds;

  private Dom0Sleep(Kernel kernel, DomainControl domains, XenbusXs xs) {
    this.kernel = kernel;
    this.domains = domains;
    this.xs = xs;
    transitionMutex = kernel.cpu().mutex(LockClass.of("system_transition_mutex"));
  }

  /// Adds the files.
  static void addTo(Kernel kernel, DomainControl domains, XenbusXs xs) {
    Dom0Sleep sleep = new Dom0Sleep(kernel, domains, xs);
    kernel.files().add(STATE_FILE, sleep.new StateFile());
    kernel.files().add(ALARM_FILE, sleep.new AlarmFile());
  }

  private final class StateFile implements KernelFile {
    @Override
    public String read() {
      return "mem\n";
    }

    @Override
    @KernelSymbol("state_store")
    public void write(String text) throws KernelException {
      if (!text.strip().equals("mem")) {
        throw new KernelException(Errno.EINVAL, STATE_FILE + ": " + text.strip() + ", not mem");
      }
      suspend();
    }
  }

  private final class AlarmFile implements KernelFile {
    @Override
    public String read() {
      return alarmSeconds == 0 ? "\n" : alarmSeconds + "\n";
    }

    /// Takes seconds since 1970, or `+` and seconds from now; 0 clears the alarm. One that is set
    /// is to be cleared before it is set again.
    @Override
    @KernelSymbol("wakealarm_store")
    public void write(String text) throws KernelException {
      String number = text.strip();
      boolean isRelative = number.startsWith("+");
      String digits = isRelative ? number.substring(1) : number;
      if (!digits.matches("\\d{1," + SECONDS_DIGITS_MAX + "}")) {
        throw new KernelException(
            Errno.EINVAL, ALARM_FILE + ": " + number + " is no number of seconds");
      }
      long seconds = Long.parseLong(digits) + (isRelative ? nowSeconds() : 0);
      if (seconds <= nowSeconds() && !isRelative) {
        alarmSeconds = 0;
        return;
      }
      if (alarmSeconds > nowSeconds()) {
        throw new KernelException(Errno.EBUSY, ALARM_FILE + ": is set; clear it first");
      }
      alarmSeconds = seconds;
    }
  }

  private long nowSeconds() {
    return kernel.clock().wallTime().getEpochSecond();
  }

  @KernelSymbol("pm_suspend")
  private void suspend() throws KernelException {
    if (!transitionMutex.tryLock()) {
      throw new KernelException(Errno.EBUSY, STATE_FILE + ": a suspend is under way");
    }
    try {
      kernel.printk().info("PM: suspend entry (deep)");
      ProcessFreezer.freeze(kernel);
      xs.suspend();
      sleep();
    } finally {
      kernel.printk().info("PM: suspend exit");
      transitionMutex.unlock();
    }
  }

  private void sleep() throws KernelException {
    long wait = Math.max(0, alarmSeconds - nowSeconds());
    alarmSeconds = 0;
    try {
      kernel.printk().info("ACPI: PM: Preparing to enter system sleep state S3");
      domains.sleepMachine(wait * NANOS_PER_SECOND);
      kernel.printk().info("ACPI: PM: Waking up from system sleep state S3");
    } catch (HypercallException e) {
      xs.cancelSuspend();
      throw new KernelException(e.errno(), STATE_FILE + ": " + e.getMessage(), e);
    }
    xs.resumeWithStore();
  }
}
