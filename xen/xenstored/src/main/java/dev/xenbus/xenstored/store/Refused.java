package dev.xenbus.xenstored.store;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreErrors;
import java.util.EnumMap;
import java.util.Map;

/// A request that fails with an errno. One object an errno, without a stack trace: refusing is an
/// everyday answer and costs no allocation.
@SuppressWarnings("StaticAssignmentOfThrowable") // stackless, so that sharing them loses nothing
final class Refused extends Exception {
  private static final long serialVersionUID = 1L;
  private static final Map<Errno, Refused> ALL = new EnumMap<>(Errno.class);

  static {
    for (Errno errno : Errno.values()) {
      ALL.put(errno, new Refused(errno));
    }
  }

  static final Refused EINVAL = with(Errno.EINVAL);
  static final Refused EACCES = with(Errno.EACCES);
  static final Refused EEXIST = with(Errno.EEXIST);
  static final Refused ENOENT = with(Errno.ENOENT);
  static final Refused ENOMEM = with(Errno.ENOMEM);
  static final Refused ENOSPC = with(Errno.ENOSPC);
  static final Refused ENOSYS = with(Errno.ENOSYS);
  static final Refused EIO = with(Errno.EIO);
  static final Refused EBUSY = with(Errno.EBUSY);
  static final Refused EAGAIN = with(Errno.EAGAIN);
  static final Refused E2BIG = with(Errno.E2BIG);
  static final Refused EPERM = with(Errno.EPERM);

  /// Not an answer: the request waits for a transaction to end, and is tried again.
  static final Refused HELD = new Refused(Errno.EAGAIN);

  /// oxenstored's own name, which clients take for EINVAL.
  static final Refused EQUOTA = new Refused(Errno.ENOSPC, "EQUOTA");

  private final Errno errno;
  private final byte[] wireName;

  private Refused(Errno errno) {
    this(errno, XenstoreErrors.toWire(errno));
  }

  private Refused(Errno errno, String name) {
    super(name, null, false, false);
    this.errno = errno;
    this.wireName = Bytes.of(name + "\0");
  }

  static Refused with(Errno errno) {
    Refused refused = ALL.get(errno);
    if (refused == null) {
      throw new IllegalArgumentException(errno.name());
    }
    return refused;
  }

  @SuppressWarnings("ReferenceEquality") // there is one of it
  boolean isHeld() {
    return this == HELD;
  }

  Errno errno() {
    return errno;
  }

  /// The payload of the ERROR reply. Not to be changed.
  byte[] wireName() {
    return wireName;
  }
}
