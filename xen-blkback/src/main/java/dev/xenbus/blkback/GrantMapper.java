package dev.xenbus.blkback;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import org.jspecify.annotations.Nullable;

/// Maps the pages of requests of one ring (`xen_blkbk_map`). Owned by the ring's worker.
final class GrantMapper {
  private final GrantTable grants;
  private final FreePages pages;
  private final Domid frontend;
  private final @Nullable PersistentGrants tree;

  /// @param pages what stands behind mappings
  /// @param tree where mappings are kept, or null without persistent grants
  GrantMapper(GrantTable grants, FreePages pages, Domid frontend, @Nullable PersistentGrants tree) {
    this.pages = pages;
    this.grants = grants;
    this.frontend = frontend;
    this.tree = tree;
  }

  /// Maps all segments, or stops at the first that cannot be mapped (XSA-365). What was mapped
  /// before it is noted in the table all the same, for [SegmentTable#release].
  ///
  /// @param readOnly whether the backend only reads; a persistent mapping is writable always, since
  ///     the next request may need it so
  boolean map(SegmentTable segments, boolean readOnly) {
    for (int i = 0; i < segments.count(); i++) {
      int ref = segments.ref(i);
      PersistentGrants.Entry known = tree == null ? null : tree.find(ref);
      if (known != null && !known.isInUse()) {
        known.use();
        segments.mapped(known.grant(), known);
      } else if (!mapNew(segments, ref, readOnly)) {
        return false;
      }
    }
    return true;
  }

  private boolean mapNew(SegmentTable segments, int ref, boolean readOnly) {
    try {
      pages.get();
    } catch (KernelException _) {
      return false; // as the real one: the request fails, nothing is said
    }
    try {
      MappedGrant page = grants.map(frontend, ref, readOnly && tree == null);
      segments.mapped(page, tree == null ? null : tree.add(page));
      return true;
    } catch (KernelException _) {
      pages.put(1);
      // The frontend's fault: it sees the error in its response, and nobody else cares.
      return false;
    }
  }
}
