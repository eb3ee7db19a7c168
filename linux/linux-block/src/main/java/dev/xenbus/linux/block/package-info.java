/// A kernel's block core: disks, request tags, and loop devices over image files.
///
/// Start with [LinuxBlockCore]. Lock order, outermost first: `block_core` (the table of disks),
/// `blk_mq_tags` (one disk's tags and openers), `xwstall_bio` (what the injector holds). No driver
/// and no `done` is called with any of them held.
@NullMarked
package dev.xenbus.linux.block;

import org.jspecify.annotations.NullMarked;
