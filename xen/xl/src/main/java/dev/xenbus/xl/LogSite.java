package dev.xenbus.xl;

/// A place in libxl's source that prints a message, with its line in each release that we speak as.
///
/// Lines are those of 4.10.0 built with a compiler older than gcc 9 (which gives the last line of a
/// macro call that spans several), and of Debian's 4.17. Where the line of 4.10.0 is not known, the
/// one of 4.17 stands for both.
enum LogSite {
  DEVICE_BACKEND_CALLBACK("libxl_device.c", "device_backend_callback", 1080, 1181),
  DOMCREATE_LAUNCH_DM("libxl_create.c", "domcreate_launch_dm", 1278, 1672),
  DOMCREATE_ATTACH_DEVICES("libxl_create.c", "domcreate_attach_devices", 1494, 1921),
  DOMAIN_DESTROY_CB("libxl_domain.c", "domain_destroy_cb", 886, 1064),
  DOMAIN_DESTROY_CALLBACK("libxl_domain.c", "domain_destroy_callback", 959, 1137),
  DESTROY_DOMID("libxl_domain.c", "libxl__destroy_domid", 1000, 1183),
  DEVICES_DESTROY_CB("libxl_domain.c", "devices_destroy_cb", 1073, 1530),
  CONSOLE_XSWAIT("libxl_create.c", "console_xswait_callback", 1976),
  CHILD_EXIT_STATUS("libxl_exec.c", "libxl_report_child_exitstatus", 117),
  HOTPLUG_CHILD_DEATH("libxl_device.c", "device_hotplug_child_death_cb", 1337),
  EXEC_TIMEOUT("libxl_aoutils.c", "async_exec_timeout", 539),
  DOMAIN_RENAME("libxl_domain.c", "libxl__domain_rename", 81),
  INITIATE_DOMAIN_CREATE("libxl_create.c", "initiate_domain_create", 1296),
  DEVICE_OF_DOMAIN_COMPLETE("libxl_device.c", "device_addrm_aocomplete", 1481),
  DEVICE_COMPLETE("libxl_device.c", "device_addrm_aocomplete", 1486),
  DEVICE_DISK_ADD("libxl_disk.c", "device_disk_add", 343),
  DISK_FROM_XENSTORE("libxl_disk.c", "libxl__disk_from_xenstore", 516),
  XS_READ_MANDATORY("libxl_xshelp.c", "libxl__xs_read_mandatory", 206),
  DISK_SET_BACKEND("libxl_device.c", "libxl__device_disk_set_backend", 455),
  PVCONTROL("libxl_domain.c", "pvcontrol_cb", 854),
  RETRIEVE_CONFIGURATION("libxl_domain.c", "retrieve_domain_configuration_lock_acquired", 2335);

  private final String file;
  private final String function;
  private final int line410;
  private final int line417;

  LogSite(String file, String function, int line410, int line417) {
    this.file = file;
    this.function = function;
    this.line410 = line410;
    this.line417 = line417;
  }

  LogSite(String file, String function, int line417) {
    this(file, function, line417, line417);
  }

  /// Returns `file:line:function`.
  String in(XlRelease release) {
    int line = release == XlRelease.XEN_4_10 ? line410 : line417;
    return file + ":" + line + ":" + function;
  }
}
