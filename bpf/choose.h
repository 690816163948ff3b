/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Which packets, and which bytes of a TCP stream, are followed. What every packet of a bulk transfer needs is inlined;
 * all else are global functions, for the verifier's sake (packet.h).
 */

static __always_inline void set_payload(struct packet *packet, __u32 header)
{
	packet->headers = packet->transport + header;
	packet->payload = packet->length - header;
}

/* One of the packets that are followed as a whole. */
static __always_inline void choose_packet(struct __sk_buff *skb, const struct packet *packet, __u8 kind, __u64 identity,
					 const struct config *config, struct cpu_state *cpu)
{
	cpu->packets++;
	if (!is_chosen(identity, config->packet_exponent))
		return;
	struct sample sample = {
		.identity = identity,
		.sequence = packet->id,
		.kind = kind,
		.level = trailing_zeros(identity),
		.exponent = config->packet_exponent,
	};
	emit(skb, packet, &sample);
}

/* The first mark at or behind a packet's first byte. */
struct mark {
	__u32 level;
	__u32 distance; /* from the first byte; at least the payload where there is none */
};

/*
 * The marks of level max(exponent, log2 L) among the bytes: never more than two, at least one where L >= 2^exponent.
 * The choice depends on the bytes alone, so every hop makes the same one however the stream is cut into packets.
 */
static __always_inline struct mark find_mark(const struct config *config, __u32 sequence, __u32 payload)
{
	__u32 exponent = config->mark_exponent & MAX_LEVEL;
	__u32 level = payload >> exponent > 1 ? log2_floor(payload) & MAX_LEVEL : exponent;
	return (struct mark){ .level = level, .distance = -sequence & ((1U << level) - 1) };
}

static __always_inline void count_data(struct cpu_state *cpu, __u32 level, __u32 payload)
{
	cpu->mark_bytes[level] += payload;
	cpu->mark_packets[level]++;
}

static __always_inline void emit_mark(struct __sk_buff *skb, const struct packet *packet, const struct tcp *tcp,
				      struct sample *sample, __u32 mark,
				      const struct config *config)
{
	sample->identity = identify_byte(IDENTITY_MARK, tcp, mark);
	sample->mark = mark;
	sample->level = trailing_zeros(mark);
	emit_tcp(skb, packet, sample, config);
}

static __always_inline void choose_marks(struct __sk_buff *skb, const struct packet *packet, const struct tcp *tcp,
					 const struct config *config, struct cpu_state *cpu)
{
	/* A SYN has a sequence number of its own, before the data of a fast open. */
	__u32 sequence = tcp->flags & TCP_SYN ? tcp->sequence + 1 : tcp->sequence;
	struct mark mark = find_mark(config, sequence, packet->payload);
	count_data(cpu, mark.level, packet->payload);
	if (mark.distance >= packet->payload)
		return;
	struct sample sample = {
		.sequence = sequence,
		.context = tcp_context(tcp),
		.kind = IDENTITY_MARK,
		.exponent = config->mark_exponent,
		.tcp_flags = tcp->flags,
	};
	emit_mark(skb, packet, tcp, &sample, sequence + mark.distance, config);
	/* Level 31 has two marks in the whole space: the second can be no neighbour. */
	__u32 step = 1U << mark.level;
	if (mark.distance + step < packet->payload)
		emit_mark(skb, packet, tcp, &sample, sequence + mark.distance + step, config);
}

static __always_inline void choose_control(struct __sk_buff *skb, const struct packet *packet, const struct tcp *tcp,
					   const struct config *config, struct cpu_state *cpu)
{
	struct sample sample = {
		.sequence = tcp->sequence,
		.context = tcp_context(tcp),
		.exponent = config->control_exponent,
		.tcp_flags = tcp->flags,
	};
	if (tcp->flags & TCP_SYN) {
		sample.kind = IDENTITY_SYN;
		sample.identity = identify_syn(packet, tcp);
	} else if (tcp->flags & TCP_RST) {
		sample.kind = IDENTITY_RST;
		sample.identity = identify_ack(IDENTITY_RST, packet, tcp);
	} else {
		sample.kind = IDENTITY_FIN;
		sample.identity = identify_byte(IDENTITY_FIN, tcp, tcp->sequence + packet->payload);
	}
	sample.level = trailing_zeros(sample.identity);
	cpu->control++;
	if (is_chosen(sample.identity, config->control_exponent))
		emit_tcp(skb, packet, &sample, config);
}

static __always_inline void choose_ack(struct __sk_buff *skb, const struct packet *packet, const struct tcp *tcp,
				       const struct config *config, struct cpu_state *cpu)
{
	__u64 identity = identify_ack(IDENTITY_ACK, packet, tcp);
	cpu->packets++;
	if (!is_chosen(identity, config->packet_exponent))
		return;
	struct sample sample = {
		.identity = identity,
		.sequence = tcp->sequence,
		.context = tcp_context(tcp),
		.kind = IDENTITY_ACK,
		.level = trailing_zeros(identity),
		.exponent = config->packet_exponent,
		.tcp_flags = tcp->flags,
	};
	emit_tcp(skb, packet, &sample, config);
}

/* A segment that holds something to follow, or that is not data. */
__noinline int choose_segment(struct __sk_buff *skb, struct packet *packet)
{
	const struct config *config = find_config();
	struct cpu_state *cpu = find_cpu_state();
	if (!packet || !config || !cpu)
		return PARSED;
	struct view view;
	struct tcp tcp = {};
	look(&view, skb);
	int result = parse_tcp(&view, packet, &tcp);
	if (result != PARSED)
		return result;
	if (tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST))
		choose_control(skb, packet, &tcp, config, cpu);
	else if (!packet->payload)
		choose_ack(skb, packet, &tcp, config, cpu);
	if (packet->payload)
		choose_marks(skb, packet, &tcp, config, cpu);
	return PARSED;
}

/* Most packets are data, and most data is not followed: their way ends here. */
static __always_inline int choose_tcp(struct view *view, struct packet *packet, const struct config *config,
				      struct cpu_state *cpu)
{
	const struct tcphdr *header = PEEK(view, packet->transport, struct tcphdr);
	if (!header)
		return UNPARSED_TRUNCATED;
	if (!measure_tcp(packet, header))
		return UNPARSED_TRANSPORT;
	if (header->flags & (TCP_SYN | TCP_FIN | TCP_RST) || !packet->payload)
		return choose_segment(view->skb, packet);
	struct mark mark = find_mark(config, bpf_ntohl(header->seq), packet->payload);
	if (mark.distance < packet->payload)
		return choose_segment(view->skb, packet);
	count_data(cpu, mark.level, packet->payload);
	return PARSED;
}

#define MAX_DATAGRAMS 128 /* UDP_MAX_SEGMENTS of every kernel since 6.9, 64 before */

struct super_packet {
	struct __sk_buff *skb;
	const struct packet *packet;
	const struct config *config;
	struct cpu_state *cpu;
	__u64 time_ns;        /* of the first record */
	__u32 datagram_bytes; /* payload of each but the last */
};

static long choose_datagram(__u32 index, struct super_packet *super)
{
	const struct packet *packet = super->packet;
	__u32 skip = index * super->datagram_bytes;
	if (skip >= packet->payload)
		return 1;
	__u32 size = packet->payload - skip;
	if (size > super->datagram_bytes)
		size = super->datagram_bytes;
	__u32 id = packet->version == 4 ? packet->id + index : 0;
	__u64 identity = identify_udp(super->skb, id, sizeof(struct udphdr) + size, packet->headers + skip, size);
	super->cpu->packets++;
	if (!is_chosen(identity, super->config->packet_exponent))
		return 0;
	struct sample sample = {
		.identity = identity,
		.time_ns = super->time_ns,
		.sequence = packet->id,
		.mark = index,
		.kind = IDENTITY_UDP,
		.level = trailing_zeros(identity),
		.exponent = super->config->packet_exponent,
	};
	emit(super->skb, packet, &sample);
	super->time_ns = sample.time_ns;
	return 0;
}

static __always_inline int choose_udp(struct view *view, struct packet *packet, const struct config *config,
				      struct cpu_state *cpu)
{
	struct __sk_buff *skb = view->skb;
	const struct udphdr *udp = PEEK(view, packet->transport, struct udphdr);
	if (!udp)
		return UNPARSED_TRUNCATED;
	if (packet->length < sizeof(*udp))
		return UNPARSED_TRANSPORT;
	__u32 length = bpf_ntohs(udp->len);
	__u32 gso_size = skb->gso_size;
	set_payload(packet, sizeof(*udp));
	if (gso_size && packet->payload > gso_size) {
		struct super_packet super = { skb, packet, config, cpu, 0, gso_size };
		bpf_loop(MAX_DATAGRAMS, choose_datagram, &super, 0);
		return PARSED;
	}
	choose_packet(skb, packet, IDENTITY_UDP,
		      identify_udp(skb, datagram_id(packet), length, packet->headers, packet->payload), config, cpu);
	return PARSED;
}

static __always_inline bool is_icmp_error(const struct packet *packet, __u8 type)
{
	if (packet->version == 6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* Multicast listener queries and reports, router and neighbour solicitation, redirects. */
static __always_inline bool is_neighbour(const struct packet *packet, __u8 type)
{
	return packet->version == 6 && ((type >= 130 && type <= 137) || type == 143);
}

static __always_inline int choose_icmp(struct view *view, struct packet *packet, const struct config *config,
				       struct cpu_state *cpu)
{
	const struct icmphdr *header = PEEK(view, packet->transport, struct icmphdr);
	if (!header)
		return UNPARSED_TRUNCATED;
	if (packet->length < sizeof(*header))
		return UNPARSED_TRANSPORT;
	struct icmphdr icmp = *header;
	if (is_neighbour(packet, icmp.type))
		return UNPARSED_NEIGHBOUR;
	set_payload(packet, sizeof(icmp));
	if (is_icmp_error(packet, icmp.type))
		choose_packet(view->skb, packet, IDENTITY_ICMP_ERROR, identify_icmp_error(view, packet, &icmp), config,
			      cpu);
	else
		choose_packet(view->skb, packet, IDENTITY_ICMP, identify_icmp(view->skb, packet, &icmp), config, cpu);
	return PARSED;
}

static __always_inline int choose_other(struct __sk_buff *skb, struct packet *packet, const struct config *config,
					struct cpu_state *cpu)
{
	set_payload(packet, 0);
	choose_packet(skb, packet, IDENTITY_OTHER, identify_other(skb, packet), config, cpu);
	return PARSED;
}

/* What a first fragment is of: the kind, and the identity of the whole, for somebody may reassemble it on the way. */
static __always_inline __u8 identify_whole(struct view *view, const struct packet *packet, __u64 *identity)
{
	if (packet->protocol == IPPROTO_UDP) {
		const struct udphdr *udp = PEEK(view, packet->transport, struct udphdr);
		if (udp && packet->length >= sizeof(*udp)) {
			*identity = identify_udp(view->skb, datagram_id(packet), bpf_ntohs(udp->len),
						 packet->transport + sizeof(*udp), packet->length - sizeof(*udp));
			return IDENTITY_UDP;
		}
	} else if (packet->protocol == IPPROTO_ICMP || packet->protocol == IPPROTO_ICMPV6) {
		const struct icmphdr *header = PEEK(view, packet->transport, struct icmphdr);
		if (header && packet->length >= sizeof(*header)) {
			struct icmphdr icmp = *header;
			*identity = identify_icmp(view->skb, packet, &icmp);
			return IDENTITY_ICMP;
		}
	}
	return IDENTITY_FRAGMENT;
}

/*
 * A first fragment is written if either its own rule or the fragments' chooses it, so that it stands with its
 * datagram's other fragments and with the whole.
 */
static __always_inline int choose_fragment(struct view *view, struct packet *packet, const struct config *config,
					   struct cpu_state *cpu)
{
	__u64 identity = 0;
	__u32 level = trailing_zeros(hash_fragmented(packet));
	__u8 kind = packet->fragment ? IDENTITY_FRAGMENT : identify_whole(view, packet, &identity);
	if (kind == IDENTITY_FRAGMENT)
		identity = identify_fragment(view->skb, packet);
	else if (trailing_zeros(identity) > level)
		level = trailing_zeros(identity);
	set_payload(packet, 0);
	cpu->packets++;
	if (level < config->packet_exponent)
		return PARSED;
	struct sample sample = {
		.identity = identity,
		.sequence = packet->id,
		.mark = packet->fragment,
		.kind = kind,
		.level = level,
		.exponent = config->packet_exponent,
	};
	emit(view->skb, packet, &sample);
	return PARSED;
}

/* All that is not TCP, and what is a fragment. */
__noinline int choose_whole(struct __sk_buff *skb, struct packet *packet)
{
	const struct config *config = find_config();
	struct cpu_state *cpu = find_cpu_state();
	if (!packet || !config || !cpu)
		return PARSED;
	struct view view;
	look(&view, skb);
	if (packet->fragmented)
		return choose_fragment(&view, packet, config, cpu);
	switch (packet->protocol) {
	case IPPROTO_UDP:
		return choose_udp(&view, packet, config, cpu);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return choose_icmp(&view, packet, config, cpu);
	default:
		return choose_other(skb, packet, config, cpu);
	}
}
