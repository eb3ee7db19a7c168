package dev.xenbus.abi.hypercall;

/// Status codes of grant table operations (`GNTST_*`, `xen/include/public/grant_table.h`). Plain
/// numbers, since the data path carries one for each element of a batch.
public final class GrantStatus {
  /// Done.
  public static final int OKAY = 0;

  /// General error.
  public static final int GENERAL_ERROR = -1;

  /// Unknown domain.
  public static final int BAD_DOMAIN = -2;

  /// Reference beyond the table, or not in use.
  public static final int BAD_GNTREF = -3;

  /// Unknown handle.
  public static final int BAD_HANDLE = -4;

  /// Wrong host address.
  public static final int BAD_VIRT_ADDR = -5;

  /// Wrong device address.
  public static final int BAD_DEV_ADDR = -6;

  /// No space in the I/O MMU.
  public static final int NO_DEVICE_SPACE = -7;

  /// The caller lacks privilege.
  public static final int PERMISSION_DENIED = -8;

  /// The page does not belong to the granter.
  public static final int BAD_PAGE = -9;

  /// Copy arguments cross a page.
  public static final int BAD_COPY_ARG = -10;

  /// Address too big.
  public static final int ADDRESS_TOO_BIG = -11;

  /// Try again.
  public static final int EAGAIN = -12;

  /// Out of handles.
  public static final int NO_SPACE = -13;

  private GrantStatus() {}

  /// Returns the name of a status, such as `GNTST_bad_page`.
  public static String nameOf(int status) {
    return switch (status) {
      case OKAY -> "GNTST_okay";
      case GENERAL_ERROR -> "GNTST_general_error";
      case BAD_DOMAIN -> "GNTST_bad_domain";
      case BAD_GNTREF -> "GNTST_bad_gntref";
      case BAD_HANDLE -> "GNTST_bad_handle";
      case BAD_VIRT_ADDR -> "GNTST_bad_virt_addr";
      case BAD_DEV_ADDR -> "GNTST_bad_dev_addr";
      case NO_DEVICE_SPACE -> "GNTST_no_device_space";
      case PERMISSION_DENIED -> "GNTST_permission_denied";
      case BAD_PAGE -> "GNTST_bad_page";
      case BAD_COPY_ARG -> "GNTST_bad_copy_arg";
      case ADDRESS_TOO_BIG -> "GNTST_address_too_big";
      case EAGAIN -> "GNTST_eagain";
      case NO_SPACE -> "GNTST_no_space";
      default -> "GNTST_" + status;
    };
  }
}
