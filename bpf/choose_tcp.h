/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Which bytes of a TCP stream, and which of its other segments, are followed. What every packet of a bulk transfer needs
 * is inlined; all else is a global function, for the verifier's sake (packet.h).
 */

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
	__u32 level = payload >> exponent > 1 ? log2_floor(payload) : exponent;
	return (struct mark){ .level = level, .distance = -sequence & ((1U << level) - 1) };
}

static __always_inline void count_data(struct cpu_state *cpu, __u32 level, __u32 payload)
{
	/* Linux 6.1's verifier does not see the bound that the compiler sees, and would leave out. */
	asm volatile("" : "+r"(level));
	level &= MAX_LEVEL;
	cpu->mark_bytes[level] += payload;
	cpu->mark_packets[level]++;
}

/* The number of the first byte of data: a SYN has one of its own, before the data of a fast open. */
static __always_inline __u32 first_byte(__u32 sequence, __u8 flags)
{
	return flags & TCP_SYN ? sequence + 1 : sequence;
}

/* Writes the marks among a packet's data: the first at `distance` from its first byte. */
__noinline int write_marks(skb_t *skb, struct packet *packet, __u32 distance, __u32 level)
{
	const struct config *config = find_config(chooser_of(packet));
	struct cpu_state *cpu = find_cpu_state(chooser_of(packet));
	if (!skb || !packet || !config || !cpu)
		return PARSED;
	struct view view;
	struct tcp tcp = {};
	look(&view, skb);
	int result = parse_tcp(&view, packet, &tcp);
	if (result != PARSED || skip_own(skb, packet, &tcp, config))
		return result;
	struct sample sample = {
		.sequence = first_byte(tcp.sequence, tcp.flags),
		.context = tcp_context(&tcp),
		.kind = IDENTITY_MARK,
		.exponent = config->mark_exponent,
		.tcp_flags = tcp.flags,
	};
#pragma clang loop unroll(disable)
	for (int i = 0; i < 2 && distance < packet->payload; i++) {
		sample.mark = sample.sequence + distance;
		sample.identity = identify_byte(IDENTITY_MARK, &tcp, sample.mark);
		sample.level = trailing_zeros(sample.mark);
		write_record(&view, packet, &sample, config, cpu);
		distance += 1U << (level & MAX_LEVEL);
	}
	return PARSED;
}

static __always_inline __u8 kind_of_segment(__u8 flags)
{
	if (flags & TCP_SYN)
		return IDENTITY_SYN;
	if (flags & TCP_RST)
		return IDENTITY_RST;
	return flags & TCP_FIN ? IDENTITY_FIN : IDENTITY_ACK;
}

static __always_inline __u64 identify_segment(__u8 kind, const struct packet *packet, const struct tcp *tcp)
{
	if (kind == IDENTITY_SYN)
		return identify_syn(packet, tcp);
	if (kind == IDENTITY_FIN)
		return identify_byte(kind, tcp, tcp->sequence + packet->payload);
	return identify_ack(kind, packet, tcp);
}

/* A segment that is not only data. */
__noinline int choose_segment(skb_t *skb, struct packet *packet)
{
	const struct config *config = find_config(chooser_of(packet));
	struct cpu_state *cpu = find_cpu_state(chooser_of(packet));
	if (!skb || !packet || !config || !cpu)
		return PARSED;
	struct view view;
	struct tcp tcp = {};
	look(&view, skb);
	int result = parse_tcp(&view, packet, &tcp);
	if (result != PARSED)
		return result;
	__u8 kind = kind_of_segment(tcp.flags);
	__u32 exponent = kind == IDENTITY_ACK ? config->packet_exponent : config->control_exponent;
	__u64 identity = identify_segment(kind, packet, &tcp);
	if (kind == IDENTITY_ACK)
		cpu->packets++;
	else
		cpu->control++;
	if (!is_chosen(identity, exponent) || skip_own(skb, packet, &tcp, config))
		return PARSED;
	struct sample sample = {
		.identity = identity,
		.sequence = tcp.sequence,
		.context = tcp_context(&tcp),
		.kind = kind,
		.level = trailing_zeros(identity),
		.exponent = exponent,
		.tcp_flags = tcp.flags,
	};
	emit(skb, packet, &sample);
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
	__u32 sequence = first_byte(bpf_ntohl(header->seq), header->flags);
	if (header->flags & (TCP_SYN | TCP_FIN | TCP_RST) || !packet->payload) {
		int result = choose_segment(view->skb, packet);
		if (result != PARSED || !packet->payload)
			return result;
	}
	struct mark mark = find_mark(config, sequence, packet->payload);
	count_data(cpu, mark.level, packet->payload);
	return mark.distance < packet->payload ? write_marks(view->skb, packet, mark.distance, mark.level) : PARSED;
}
