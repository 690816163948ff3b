/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* Which packets are followed of all that is not TCP. */

static __always_inline void set_payload(struct packet *packet, __u32 header)
{
	packet->headers = packet->transport + header;
	packet->payload = packet->length - header;
}

/* One of the packets that are followed as a whole. */
static __always_inline void choose_packet(skb_t *skb, const struct packet *packet, __u8 kind, __u64 identity,
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

#define MAX_DATAGRAMS 128 /* UDP_MAX_SEGMENTS of every kernel since 6.9, 64 before */

struct super_packet {
	skb_t *skb;
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
	if (!has_bytes(super->skb, packet->headers + skip, size < CONTENT_BYTES ? size : CONTENT_BYTES))
		return 1;
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

/* A global function of its own, for its stack comes before those of the two that it calls. */
__noinline int choose_udp(skb_t *skb, struct packet *packet)
{
	const struct config *config = find_config(chooser_of(packet));
	struct cpu_state *cpu = find_cpu_state(chooser_of(packet));
	if (!skb || !packet || !config || !cpu)
		return PARSED;
	struct udphdr udp;
	if (!load_bytes(skb, packet->transport, &udp, sizeof(udp)))
		return UNPARSED_TRUNCATED;
	if (packet->length < sizeof(udp))
		return UNPARSED_TRANSPORT;
	__u32 length = bpf_ntohs(udp.len);
	__u32 gso_size = skb->gso_size;
	set_payload(packet, sizeof(udp));
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

/* With the identity of the packet that caused it: what there is of one in an error needs no other fields. */
static __always_inline void choose_error(struct view *view, const struct packet *packet, __u64 identity,
					 const struct config *config, struct cpu_state *cpu)
{
	cpu->packets++;
	if (!is_chosen(identity, config->packet_exponent))
		return;
	__u64 cause = 0;
	identify_cause(view->skb, packet, &cause);
	struct sample sample = {
		.identity = identity,
		.sequence = packet->id,
		.mark = cause,
		.context = cause >> 32,
		.kind = IDENTITY_ICMP_ERROR,
		.level = trailing_zeros(identity),
		.exponent = config->packet_exponent,
	};
	emit(view->skb, packet, &sample);
}

/* A global function of its own, for its stack comes before those of the three that naming a cause takes. */
__noinline int choose_icmp(skb_t *skb, struct packet *packet)
{
	const struct config *config = find_config(chooser_of(packet));
	struct cpu_state *cpu = find_cpu_state(chooser_of(packet));
	if (!skb || !packet || !config || !cpu)
		return PARSED;
	struct view view;
	look(&view, skb);
	const struct icmphdr *header = PEEK(&view, packet->transport, struct icmphdr);
	if (!header)
		return UNPARSED_TRUNCATED;
	if (packet->length < sizeof(*header))
		return UNPARSED_TRANSPORT;
	struct icmphdr icmp = *header;
	if (is_neighbour(packet, icmp.type))
		return UNPARSED_NEIGHBOUR;
	set_payload(packet, sizeof(icmp));
	if (is_icmp_error(packet, icmp.type))
		choose_error(&view, packet, identify_icmp_error(&view, packet, &icmp), config, cpu);
	else
		choose_packet(skb, packet, IDENTITY_ICMP, identify_icmp(skb, packet, &icmp), config, cpu);
	return PARSED;
}

static __always_inline int choose_other(skb_t *skb, struct packet *packet, const struct config *config,
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

/* All that is neither TCP, UDP nor ICMP, and what is a fragment. */
__noinline int choose_whole(skb_t *skb, struct packet *packet)
{
	const struct config *config = find_config(chooser_of(packet));
	struct cpu_state *cpu = find_cpu_state(chooser_of(packet));
	if (!skb || !packet || !config || !cpu)
		return PARSED;
	struct view view;
	look(&view, skb);
	if (packet->fragmented)
		return choose_fragment(&view, packet, config, cpu);
	return choose_other(skb, packet, config, cpu);
}

static __always_inline int choose(struct view *view, struct packet *packet, const struct config *config,
				  struct cpu_state *cpu)
{
	if (packet->fragmented)
		return choose_whole(view->skb, packet);
	switch (packet->protocol) {
	case IPPROTO_TCP:
		return choose_tcp(view, packet, config, cpu);
	case IPPROTO_UDP:
		return choose_udp(view->skb, packet);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return choose_icmp(view->skb, packet);
	default:
		return choose_whole(view->skb, packet);
	}
}

/* By the filter's exponents what it matches, by the sample's all else. `totals` count what it matches, where not NULL. */
static __always_inline int choose_by(struct view *view, struct packet *packet, const struct config *config,
				     struct hop_totals *totals)
{
	struct cpu_state *cpu = find_cpu_state(CHOSEN_BY_SAMPLE);
	if (asks_filter && find_filtered(view->skb, packet)) {
		packet->chooser = CHOSEN_BY_FILTER;
		config = find_config(CHOSEN_BY_FILTER);
		cpu = find_cpu_state(CHOSEN_BY_FILTER);
		if (totals)
			totals->filtered++;
	}
	return config && cpu ? choose(view, packet, config, cpu) : PARSED;
}
