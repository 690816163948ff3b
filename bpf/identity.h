/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Identity: 64 bits that are equal at every hop for the same packet, made of what no hop changes. It exists here
 * and nowhere else. A TCP data packet is followed by the bytes in it, for segmentation offload cuts and joins packets
 * on their way; all others are followed as packets.
 */

static __always_inline __u64 mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* Spreads every bit over all: the low bits decide what is sampled. (MurmurHash3's finalizer.) */
static __always_inline __u64 finish(__u64 hash)
{
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdULL;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return hash ^ hash >> 33;
}

static __always_inline __u64 begin(__u8 kind)
{
	return 0x2545f4914f6cdd1dULL * (kind + 1);
}

static __always_inline __u64 words(__u32 high, __u32 low)
{
	return (__u64)high << 32 | low;
}

/* The place of the highest bit set; 0 for 0. BPF has no instruction for it. */
static __always_inline __u32 log2_floor(__u32 value)
{
	__u32 log = (value > 0xffff) << 4;
	value >>= log;
	__u32 shift = (value > 0xff) << 3;
	value >>= shift;
	log |= shift;
	shift = (value > 0xf) << 2;
	value >>= shift;
	log |= shift;
	shift = (value > 0x3) << 1;
	value >>= shift;
	return log | shift | value >> 1;
}

#define MAX_LEVEL 31

/* How many of the lowest bits are zero, at most MAX_LEVEL. */
static __always_inline __u32 trailing_zeros(__u32 value)
{
	return value ? log2_floor(value & -value) : MAX_LEVEL;
}

static __always_inline bool is_chosen(__u64 hash, __u32 exponent)
{
	return ((__u32)hash & ((1U << (exponent & MAX_LEVEL)) - 1)) == 0;
}

/* What tells two transmissions of the same bytes apart. */
static __always_inline __u32 tcp_context(const struct tcp *tcp)
{
	return finish(mix(mix(begin(IDENTITY_MARK), tcp->ack), words(tcp->tsval, tcp->tsecr))) >> 32;
}

/* A byte of the stream, or the FIN, which has a sequence number of its own. */
static __always_inline __u64 identify_byte(__u8 kind, const struct tcp *tcp, __u32 sequence)
{
	return finish(mix(mix(begin(kind), words(sequence, tcp->ack)), words(tcp->tsval, tcp->tsecr)));
}

/* Of a datagram. An IPv6 packet has none, and whoever fragments one again takes another for its fragments. */
static __always_inline __u32 datagram_id(const struct packet *packet)
{
	return packet->version == 4 ? packet->id : 0;
}

/* Without the timestamps: a kernel may rewrite those of a SYN under SNAT. */
static __always_inline __u64 identify_syn(const struct packet *packet, const struct tcp *tcp)
{
	return finish(mix(mix(begin(IDENTITY_SYN), words(tcp->sequence, tcp->ack)), words(tcp->flags, datagram_id(packet))));
}

static __always_inline __u64 identify_ack(__u8 kind, const struct packet *packet, const struct tcp *tcp)
{
	__u64 hash = mix(begin(kind), words(tcp->sequence, tcp->ack));
	hash = mix(hash, words(tcp->tsval, tcp->tsecr));
	hash = mix(hash, words(tcp->window, datagram_id(packet)));
	for (int i = 0; i < MAX_OPTIONS / 8; i++)
		if (tcp->options[i]) /* not even a multiplication for the usual packet */
			hash = mix(hash, tcp->options[i] + i);
	return finish(hash);
}

#define CONTENT_BYTES 32

/* Mixes in the first CONTENT_BYTES of `size` bytes at `offset`; what is missing counts as zeros. */
static __always_inline __u64 mix_content(skb_t *skb, __u64 hash, __u32 offset, __u32 size)
{
	__u64 content[CONTENT_BYTES / 8] = {};
	if (size > CONTENT_BYTES)
		size = CONTENT_BYTES;
	if (size && !copy_bytes(skb, offset, content, size, CONTENT_BYTES))
		return hash;
	for (int i = 0; i < CONTENT_BYTES / 8; i++)
		hash = mix(hash, content[i]);
	return hash;
}

/* `length` is the datagram's own, header included; `id` its own too where a super-packet holds several. */
static __always_inline __u64 identify_udp(skb_t *skb, __u32 id, __u32 length, __u32 offset, __u32 available)
{
	return finish(mix_content(skb, mix(begin(IDENTITY_UDP), words(id & 0xffff, length)), offset, available));
}

/*
 * Not the ICMP id, which NAT changes. Not the length either: the first fragment of a long echo then has the identity
 * of the whole, as UDP's has, whose header says how long the whole is.
 */
static __always_inline __u64 identify_icmp(skb_t *skb, const struct packet *packet, const struct icmphdr *icmp)
{
	__u64 hash = mix(begin(IDENTITY_ICMP), words(icmp->type << 16 | icmp->sequence, datagram_id(packet)));
	__u32 offset = packet->transport + sizeof(struct icmphdr);
	return finish(mix_content(skb, hash, offset, packet->length - sizeof(struct icmphdr)));
}

/* Of the four bytes behind the first four, which are ports or type and checksum, those that NAT leaves alone. */
static __always_inline __u32 untranslated(__u8 protocol, __be32 bytes)
{
	switch (protocol) {
	case IPPROTO_UDP: /* length, checksum */
		return bpf_ntohl(bytes) >> 16;
	case IPPROTO_ICMP: /* id, sequence */
	case IPPROTO_ICMPV6:
		return bpf_ntohl(bytes) & 0xffff;
	default:
		return bytes;
	}
}

/* The packet that caused an error: its IPv4 id, and TCP's sequence number, UDP's length or an echo's sequence. */
static __always_inline __u64 identify_icmp_error(struct view *view, const struct packet *packet,
						 const struct icmphdr *icmp)
{
	__u64 hash = mix(begin(IDENTITY_ICMP_ERROR), words(icmp->type << 8 | icmp->code, datagram_id(packet)));
	__u32 offset = packet->transport + sizeof(struct icmphdr);
	__u32 id = 0, protocol = 0, transport = 0;
	if (packet->version == 4) {
		const struct iphdr *ip = PEEK_INSIDE(view, packet, offset, struct iphdr);
		if (ip) {
			id = ip->id;
			protocol = ip->protocol;
			transport = offset + (ip->version_ihl & 0xf) * 4;
		}
	} else {
		const struct ipv6hdr *ip = PEEK_INSIDE(view, packet, offset, struct ipv6hdr);
		if (ip) {
			protocol = ip->nexthdr;
			transport = offset + sizeof(*ip);
		}
	}
	const __be32 *behind = transport ? PEEK_INSIDE(view, packet, transport + 4, __be32) : NULL;
	return finish(mix(mix(hash, words(id, protocol)), behind ? untranslated(protocol, *behind) : 0));
}

/* All fragments of a datagram are chosen together: nothing that only one of them has, as IPv6's protocol may be. */
static __always_inline __u64 hash_fragmented(const struct packet *packet)
{
	return finish(mix(begin(IDENTITY_FRAGMENT), words(packet->id, packet->version == 4 ? packet->protocol : 0)));
}

/* The first fragment's content begins behind what NAT may change: ports and checksum. */
static __always_inline __u64 identify_fragment(skb_t *skb, const struct packet *packet)
{
	__u32 skip = packet->fragment ? 0 : sizeof(struct tcphdr);
	__u64 hash = mix(begin(IDENTITY_FRAGMENT), words(packet->id, packet->protocol << 16 | packet->fragment));
	__u32 size = packet->length > skip ? packet->length - skip : 0;
	return finish(mix_content(skb, hash, packet->transport + skip, size));
}

/* SCTP has ports and a checksum, which NAT changes, and then chunks with numbers of their own. */
static __always_inline __u32 skip_of(const struct packet *packet)
{
	return packet->protocol == IPPROTO_SCTP ? 12 : 0;
}

static __always_inline __u64 identify_other(skb_t *skb, const struct packet *packet)
{
	__u32 skip = skip_of(packet);
	__u64 hash = mix(begin(IDENTITY_OTHER), words(datagram_id(packet) << 8 | packet->protocol, packet->length));
	__u32 size = packet->length > skip ? packet->length - skip : 0;
	return finish(mix_content(skb, hash, packet->transport + skip, size));
}
