package dev.xenbus.xs;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import java.lang.foreign.MemorySegment;

/// How a kernel meets the store: the page that both share, and the event channel.
///
/// @param kind where the store runs (`xen_store_domain_type`)
/// @param page the shared page, native
/// @param channel opens the event channel; called at start and after each resume
public record StoreConnection(Kind kind, MemorySegment page, ChannelFactory channel) {
  /// Where the store runs.
  public enum Kind {
    /// In a process of this domain (`XS_LOCAL`): once the system goes down, requests fail.
    LOCAL,
    /// In another domain (`XS_PV`): a store that died is waited for, for ever.
    PV,
    /// As `PV`, for a domain whose kernel may have replaced another one without the toolstack's
    /// knowledge (`XS_HVM`, kexec): watches and devices that it left behind are reset.
    HVM
  }

  /// Opens the event channel to the store.
  @FunctionalInterface
  public interface ChannelFactory {
    /// Opens it.
    ///
    /// @param name the interrupt's name
    /// @param handler called in interrupt context for each event
    /// @throws KernelException if there is no such port or none is free
    EventChannel open(String name, Runnable handler) throws KernelException;
  }

  /// Returns the connection of the domain in which the store runs: a fresh port that the store's
  /// process binds; [XenbusXs#storePort] says which.
  public static StoreConnection local(Kernel kernel, MemorySegment page) {
    Domid self = kernel.domid();
    return new StoreConnection(
        Kind.LOCAL, page, (name, handler) -> kernel.events().allocateUnbound(self, name, handler));
  }

  /// Returns the connection of a domain whose builder prepared page and port.
  ///
  /// @param kind PV or HVM
  public static StoreConnection built(Kernel kernel, Kind kind, MemorySegment page, int port) {
    return new StoreConnection(
        kind, page, (name, handler) -> kernel.events().bind(port, name, handler));
  }
}
