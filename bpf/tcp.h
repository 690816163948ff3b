/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* What of a TCP header goes into identities. No padding and all of it set, as global functions demand. */
struct tcp {
	__u32 sequence;
	__u32 ack;
	__u32 tsval;
	__u32 tsecr;
	__u16 window;
	__u16 source_port;
	__u16 destination_port;
	__u8 flags;
	__u8 padding;
	__u64 options[6]; /* zero where timestamps are all there is; 40 bytes, and room to read one behind the last place */
};

#define MAX_OPTIONS 40

/* Bytes of a TCP header, 0 where they cannot be. Sets payload and headers. */
static __always_inline bool measure_tcp(struct packet *packet, const struct tcphdr *header)
{
	__u32 size = (header->doff >> 4) * 4;
	if (size < sizeof(*header) || size > packet->length)
		return false;
	packet->payload = packet->length - size;
	packet->headers = packet->transport + size;
	return true;
}

struct option_walk {
	struct tcp *tcp;
	__u32 size; /* of all options */
	__u32 at;
};

static __always_inline __u32 read_be32(const __u8 *bytes)
{
	return (__u32)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

/* One option; 1 ends the walk. */
static long visit_option(__u32 index __attribute__((unused)), struct option_walk *walk)
{
	const __u8 *options = (const __u8 *)walk->tcp->options;
	__u32 at = walk->at;
	/* Two bytes of kind and length must be there, and ten for timestamps: 38 and 30 are the last places of all. */
	if (at > 38 || at + 1 >= walk->size || options[at] == TCPOPT_EOL)
		return 1;
	__u32 length = options[at] == TCPOPT_NOP ? 1 : options[at + 1];
	if (length == 0 || (length == 1 && options[at] != TCPOPT_NOP))
		return 1;
	if (options[at] == TCPOPT_TIMESTAMP && length == TCPOLEN_TIMESTAMP && at + length <= walk->size && at <= 30) {
		walk->tcp->tsval = read_be32(options + at + 2);
		walk->tcp->tsecr = read_be32(options + at + 6);
		return 1;
	}
	walk->at = at + length;
	return 0;
}

struct timestamp_option {
	__be32 nop_nop_kind_length;
	__be32 tsval;
	__be32 tsecr;
};

/*
 * `size` bytes of options at `offset`: timestamps, and all the others where there are any. Only for packets that need
 * them: not for every one.
 */
__noinline int load_tcp_options(skb_t *skb, __u32 offset, __u32 size, struct tcp *tcp)
{
	if (!skb || !tcp)
		return UNPARSED_TRANSPORT;
	if (!copy_bytes(skb, offset, tcp->options, size, MAX_OPTIONS))
		return UNPARSED_TRUNCATED;
	struct option_walk walk = { .tcp = tcp, .size = size };
	bpf_loop(MAX_OPTIONS, visit_option, &walk, 0);
	return PARSED;
}

/* True where timestamps are all there is, laid out as every sender does. */
static __always_inline bool read_timestamps(const struct timestamp_option *option, struct tcp *tcp)
{
	if (option->nop_nop_kind_length != bpf_htonl(0x0101080a))
		return false;
	tcp->tsval = bpf_ntohl(option->tsval);
	tcp->tsecr = bpf_ntohl(option->tsecr);
	return true;
}

static __always_inline int parse_tcp_options(struct view *view, const struct packet *packet, struct tcp *tcp)
{
	__u32 offset = packet->transport + sizeof(struct tcphdr);
	__u32 size = packet->headers - offset;
	if (size == 0)
		return PARSED;
	if (size == sizeof(struct timestamp_option)) {
		const struct timestamp_option *option = PEEK(view, offset, struct timestamp_option);
		if (!option)
			return UNPARSED_TRUNCATED;
		if (read_timestamps(option, tcp))
			return PARSED;
	}
	return load_tcp_options(view->skb, offset, size, tcp);
}

/* All but the options. */
static __always_inline void read_tcp(const struct tcphdr *header, struct tcp *tcp)
{
	tcp->sequence = bpf_ntohl(header->seq);
	tcp->ack = bpf_ntohl(header->ack_seq);
	tcp->source_port = bpf_ntohs(header->source);
	tcp->destination_port = bpf_ntohs(header->dest);
	tcp->flags = header->flags;
	tcp->window = bpf_ntohs(header->window);
}

/* The whole header. `tcp` is all zeros before. */
static __always_inline int parse_tcp(struct view *view, struct packet *packet, struct tcp *tcp)
{
	const struct tcphdr *header = PEEK(view, packet->transport, struct tcphdr);
	if (!header)
		return UNPARSED_TRUNCATED;
	if (!measure_tcp(packet, header))
		return UNPARSED_TRANSPORT;
	read_tcp(header, tcp);
	return parse_tcp_options(view, packet, tcp);
}
