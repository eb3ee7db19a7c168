package dev.xenbus.api;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.EventStatistics;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import java.util.List;
import java.util.function.Consumer;

/// One end of a split device, as its driver sees it (`struct xenbus_device`, and the client helpers
/// of `drivers/xen/xenbus/xenbus_client.c`).
public interface XenbusDevice {
  /// Returns the device type, such as `vif`.
  String deviceType();

  /// Returns the name on its bus: `vif-7-0` of a backend, `vif-0` of a frontend.
  String busId();

  /// Returns its own folder in the store, relative: `backend/vif/7/0`, `device/vif/0`.
  String nodePath();

  /// Returns the folder of the other end, absolute; empty while it is not known.
  String otherEndPath();

  /// Returns the domain at the other end.
  Domid otherEndDomid();

  /// Returns the state that this end published last, as far as it knows: a cache, not the store.
  XenbusState state();

  /// Returns its kernel's way to the store.
  Xenbus xenbus();

  /// Publishes a state (`xenbus_switch_state`): nothing happens if it equals the cached one; a node
  /// that the toolstack removed is not made again.
  void switchState(XenbusState state);

  /// Logs an error and writes it to `error/<nodePath>/error` (`xenbus_dev_error`).
  void reportError(Errno errno, String message);

  /// Reports an error and goes to Closing (`xenbus_dev_fatal`).
  void failDevice(Errno errno, String message);

  /// Returns the state of the other end, read now.
  XenbusState readOtherEndState();

  /// Returns whether the toolstack wants the device to stay: node `online`
  /// (`xenbus_dev_is_online`).
  boolean isOnline();

  /// Completes the shutdown of a frontend: publishes Closed and lets a waiting shutdown go on
  /// (`xenbus_frontend_closed`).
  void frontendClosed();

  /// Watches a path in the way of the driver: with mtwatch, if the driver supports it, its callback
  /// runs in the thread of the domain at the other end (`xenbus_watch_path`). A failure also fails
  /// the device.
  ///
  /// @throws KernelException with the store's errno
  XenbusWatch watch(String path, Xenbus.WatchCallback callback) throws KernelException;

  /// Watches a path with a filter.
  ///
  /// @throws KernelException with the store's errno
  XenbusWatch watch(String path, WatchOptions.WillHandle filter, Xenbus.WatchCallback callback)
      throws KernelException;

  /// Makes the pages of a shared ring and grants them to the other end (`xenbus_setup_ring`). A
  /// failure also fails the device.
  ///
  /// @throws KernelException `ENOMEM`, `ENOSPC`
  GrantedRing setupRing(int pages) throws KernelException;

  /// Maps the pages of a ring of the other end (`xenbus_map_ring_valloc`). A failure also fails the
  /// device, with the grant's status as the number.
  ///
  /// @param refs 1 to 16 references
  /// @throws KernelException `EINVAL`, `ENOENT`
  MappedRing mapRing(List<Integer> refs) throws KernelException;

  /// Makes an event channel for the other end to bind, with late EOI (`xenbus_alloc_evtchn` and
  /// `bind_evtchn_to_irqhandler_lateeoi`). A failure also fails the device.
  ///
  /// @param handler runs in interrupt context and sees to it that [EventChannel#eoi] follows, which
  ///     says whether the event brought anything; not at all once the other end broke the rules
  /// @throws KernelException `ENOSPC`
  EventChannel allocateEventChannel(String name, Consumer<EventChannel> handler)
      throws KernelException;

  /// Returns the event counts shown in sysfs.
  EventStatistics eventStatistics();

  /// Removes the device from its bus (`device_unregister`): its driver's `remove` runs. A driver
  /// may call this from inside its own `otherEndChanged`. May be called twice.
  void unregister();

  /// Adds a file to the device's sysfs folder; it goes with the driver's instance.
  ///
  /// @param name relative, such as `statistics/rd_req`
  void addAttribute(String name, dev.xenbus.linux.api.KernelFiles.KernelFile file);

  /// Pages of ours that the other end maps as a ring.
  interface GrantedRing extends AutoCloseable {
    /// Returns the pages, in order.
    List<dev.xenbus.linux.api.Page> pages();

    /// Returns the references, in order.
    List<Integer> refs();

    /// Ends the grants and frees the pages, deferred for as long as the other end maps them
    /// (`xenbus_teardown_ring`). May be called twice.
    @Override
    void close();
  }

  /// Pages of the other end, mapped as a ring.
  interface MappedRing extends AutoCloseable {
    /// Returns the pages, in order.
    List<MappedGrant> pages();

    /// Unmaps (`xenbus_unmap_ring_vfree`). May be called twice.
    @Override
    void close();
  }
}
