package dev.xenbus.linux.net;

import dev.xenbus.linux.api.NetDevice.Feature;
import dev.xenbus.linux.api.Packet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// Does what a device cannot: segments, completes checksums, puts a packet into one piece. Mirrors
/// `validate_xmit_skb` (`net/core/dev.c`).
final class Offload {
  /// Most segments of one packet: 64 KiB in pieces of the smallest allowed size.
  private static final int SEGMENTS_MAX = 1024;

  private static final int FIN_PSH = 0x09;

  private Offload() {}

  /// Returns what to give to the driver in the place of `packet`, which is used up; empty if the
  /// packet is malformed and was freed.
  static List<Packet> prepare(Packet packet, Set<Feature> features) {
    if (packet.gso() != Packet.Gso.NONE && !features.contains(segmentation(packet.gso()))) {
      return segment(packet);
    }
    if (packet.checksum() == Packet.Checksum.BLANK && !features.contains(Feature.CHECKSUM)) {
      return complete(packet);
    }
    if (!packet.fragments().isEmpty() && !features.contains(Feature.SCATTER_GATHER)) {
      flatten(packet);
    }
    return List.of(packet);
  }

  /// Moves everything into the head; foreign pages are let go.
  static void flatten(Packet packet) {
    packet.orphanFragments();
    packet.linearize();
  }

  private static Feature segmentation(Packet.Gso kind) {
    return kind == Packet.Gso.TCPV6 ? Feature.TCPV6_SEGMENTATION : Feature.TCPV4_SEGMENTATION;
  }

  /// Computes a blank checksum. Mirrors `skb_checksum_help` (`net/core/dev.c`).
  private static List<Packet> complete(Packet packet) {
    flatten(packet);
    Transport transport = Transport.of(packet.head(), packet.headLength());
    if (transport == null) {
      packet.free();
      return List.of();
    }
    transport.putChecksum(packet.head(), packet.headLength());
    packet.checksum(Packet.Checksum.NONE);
    return List.of(packet);
  }

  /// Cuts a large TCP packet into frames. Mirrors `tcp_gso_segment` (`net/ipv4/tcp_offload.c`).
  private static List<Packet> segment(Packet packet) {
    flatten(packet);
    byte[] all = packet.head();
    int length = packet.headLength();
    int size = packet.gsoSize();
    packet.free();
    Transport transport = Transport.of(all, length);
    if (transport == null || transport.protocol() != Wire.PROTOCOL_TCP || size <= 0) {
      return List.of();
    }
    int headers = transport.tcpPayloadAt(all, length);
    int end = transport.end();
    if (headers < 0 || headers > end || (end - headers) / size >= SEGMENTS_MAX) {
      return List.of();
    }
    List<Packet> segments = new ArrayList<>();
    int sequence = Wire.u32(all, transport.at() + 4);
    int flags = Wire.u8(all, transport.at() + 13);
    for (int from = headers; from == headers || from < end; from += size) {
      int bytes = Math.min(size, end - from);
      byte[] frame = Arrays.copyOf(all, headers + bytes);
      System.arraycopy(all, from, frame, headers, bytes);
      boolean isLast = from + bytes >= end;
      Wire.put32(frame, transport.at() + 4, sequence + (from - headers));
      Wire.put8(frame, transport.at() + 13, isLast ? flags : flags & ~FIN_PSH);
      transport.putLength(frame, segments.size());
      transport.putChecksum(frame, frame.length);
      segments.add(new Packet(frame));
    }
    return segments;
  }
}
