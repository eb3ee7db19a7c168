package dev.xenbus.xenstored.store;

import dev.xenbus.abi.hypercall.HypercallException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What the store asks of the world around it. Called by the store's thread, in the middle of a
/// request.
public interface StoreHost {
  /// What the hypervisor says of a domain.
  ///
  /// @param uuid tells domains apart that have the same number one after the other
  /// @param stopped whether it is shut down, crashed or suspended
  /// @param dying whether it is dead
  record DomainStatus(UUID uuid, boolean stopped, boolean dying) {}

  /// Returns what the hypervisor says of a domain, or empty if there is none.
  Optional<DomainStatus> status(int domid);

  /// Connects a domain's ring: maps its page, binds the port (or the one that the page names),
  /// offers [Client#features], and sets the indices to 0. If the client has a ring already, its
  /// port
  /// is bound anew.
  ///
  /// @param ring the client that speaks through the ring from now on
  /// @param port the domain's event channel port, 1 or more
  /// @throws HypercallException if mapping or binding fails
  void connectRing(Client ring, int port) throws HypercallException;

  /// A client is gone: its socket or ring is to be closed.
  void disconnected(Client client);

  /// One line for the log.
  void log(String line);

  /// What is to hear of requests while CONTROL `log` is on; null if no file is open for that.
  default @Nullable Journal journal() {
    return null;
  }

  /// Saves the store to a file, whole or not at all.
  ///
  /// @param content writes it
  /// @return whether that worked; if not, the log says why
  default boolean dump(String file, Content content) {
    return false;
  }

  /// What is written to a file.
  interface Content {
    /// Writes it.
    void write(OutputStream out) throws IOException;
  }

  /// Opens the [#journal] in a file, closing the one before.
  ///
  /// @return whether that worked
  boolean openTrace(String file);

  /// Writes a report to a file, or to the journal if the name is empty.
  ///
  /// @return whether there was a place to write it to
  boolean report(String file, String text);
}
