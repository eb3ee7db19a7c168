package dev.xenbus.xl;

/// A toolstack operation that failed; the log has said why already.
public final class LibxlException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Rc rc;

  /// Makes the exception.
  public LibxlException(Rc rc) {
    super(rc + " (" + rc.code() + ")");
    this.rc = rc;
  }

  /// Returns the code.
  public Rc rc() {
    return rc;
  }
}
