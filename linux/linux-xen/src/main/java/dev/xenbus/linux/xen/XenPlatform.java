package dev.xenbus.linux.xen;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.EventDevice;
import dev.xenbus.abi.hypercall.GrantDevice;
import dev.xenbus.abi.hypercall.Hypercalls;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.WorkQueue;

/// What a kernel has of Xen: pages, grants, event channels, and the devices that give them to
/// privileged processes. Made once, early in the kernel's boot: it masks every event and sets the
/// upcall.
public final class XenPlatform {
  /// Whose platform it is.
  ///
  /// @param cpu the kernel's threads
  /// @param hypercalls its way to Xen
  /// @param printk its log
  /// @param systemWorkQueue its queue for works of no particular owner, where asynchronous unmaps
  ///     wait and their callbacks run
  public record Options(Cpu cpu, Hypercalls hypercalls, Printk printk, WorkQueue systemWorkQueue) {}

  private final Hypercalls hypercalls;
  private final KernelPages pages;
  private final KernelGrantTable grants;
  private final KernelEvents events;
  private final EventDevice eventDevice;
  private final GrantDevice grantDevice;

  /// Takes over the domain's grant table and event channels.
  public XenPlatform(Options options) {
    hypercalls = options.hypercalls();
    pages = new KernelPages(hypercalls.memory());
    grants = new KernelGrantTable(options, pages);
    events = new KernelEvents(options.cpu(), hypercalls.events());
    eventDevice = new KernelEventDevice(events);
    grantDevice = new KernelGrantDevice(grants);
  }

  /// Takes over the grant table and event channels of another domain, into which the kernel was put
  /// while it was suspended: all grants have ended, and all channels are closed. Called by the task
  /// that suspended it, while all else of the kernel stands still.
  ///
  /// @throws KernelException `ENOSPC` if the new domain's grant table is too small
  public void resume() throws KernelException {
    pages.resume();
    grants.resume();
    events.resume();
  }

  /// Returns the domain's id.
  public Domid domid() {
    return hypercalls.self();
  }

  /// Returns the kernel's page allocator.
  public Pages pages() {
    return pages;
  }

  /// Returns the kernel's grants.
  public GrantTable grants() {
    return grants;
  }

  /// Returns the kernel's event channels.
  public EventChannels events() {
    return events;
  }

  /// Returns `/dev/xen/evtchn`.
  public EventDevice eventDevice() {
    return eventDevice;
  }

  /// Returns `/dev/xen/gntdev`.
  public GrantDevice grantDevice() {
    return grantDevice;
  }

  /// Grants a page with one of the references that have a fixed meaning, as a kernel does that
  /// shares its own store page (`gnttab_grant_foreign_access_ref` in `xenstored_local_init`).
  ///
  /// @param ref below [dev.xenbus.linux.api.GrantRefs#FIRST_FREE]
  /// @throws KernelException `EINVAL` if it is another reference
  public void grantReserved(int ref, Domid remote, Page page) throws KernelException {
    grants.grantReserved(ref, remote, page);
  }

  /// Returns how many references are granted or set aside.
  public int grantsInUse() {
    return grants.inUse();
  }

  /// Returns how many ended grants wait for the other side to let go.
  public int grantsDeferred() {
    return grants.deferred();
  }

  /// Returns how many pages of other domains are mapped.
  public int mappings() {
    return grants.mappings();
  }
}
