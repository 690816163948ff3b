/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * An ICMP error repeats the packet that caused it, or its beginning. Where that is enough, the error's record carries the
 * identity that every hop gave to that packet: a reader then shows the one beside the other.
 */

/* The IP header that an error repeats. `length` is what the packet had, not what there is of it. */
static __always_inline bool parse_repeated(struct view *view, const struct packet *error, struct packet *repeated)
{
	__u32 offset = error->transport + sizeof(struct icmphdr);
	if (error->version == 6) {
		const struct ipv6hdr *ip = PEEK_INSIDE(view, error, offset, struct ipv6hdr);
		if (!ip)
			return false;
		repeated->protocol = ip->nexthdr;
		repeated->length = bpf_ntohs(ip->payload_len);
		repeated->transport = offset + sizeof(*ip);
		return !is_extension(repeated->protocol);
	}
	const struct iphdr *ip = PEEK_INSIDE(view, error, offset, struct iphdr);
	if (!ip)
		return false;
	__u32 header = (ip->version_ihl & 0xf) * 4, total = bpf_ntohs(ip->tot_len);
	if (header < sizeof(*ip) || total < header)
		return false;
	repeated->protocol = ip->protocol;
	repeated->id = bpf_ntohs(ip->id);
	repeated->fragment = bpf_ntohs(ip->frag_off) & IP_OFFSET;
	repeated->length = total - header;
	repeated->transport = offset + header;
	return true;
}

/* Whether the error repeats so much of it: a header, and of what follows as much as identities are made of. */
static __always_inline bool is_repeated(struct view *view, const struct packet *error, const struct packet *repeated,
					__u32 header)
{
	__u32 content = repeated->length - header;
	if (content > CONTENT_BYTES)
		content = CONTENT_BYTES;
	return header <= repeated->length && repeated->transport + header + content <= end_of(error) &&
	       has_bytes(view->skb, repeated->transport + header, content);
}

/*
 * Its header with no options but timestamps: more would take more stack than Linux 6.1 has. A SYN's identity is made of
 * none.
 */
static __always_inline bool parse_repeated_tcp(struct view *view, const struct packet *error, struct packet *repeated,
					       struct tcp *tcp)
{
	const struct tcphdr *header = PEEK_INSIDE(view, error, repeated->transport, struct tcphdr);
	if (!header || !measure_tcp(repeated, header))
		return false;
	read_tcp(header, tcp);
	__u32 options = repeated->transport + sizeof(*header), size = repeated->headers - options;
	if (size == 0 || tcp->flags & TCP_SYN)
		return true;
	if (size != sizeof(struct timestamp_option))
		return false;
	const struct timestamp_option *option = PEEK_INSIDE(view, error, options, struct timestamp_option);
	return option && read_timestamps(option, tcp);
}

/* Data is named by the first of the bytes that this exponent marks. 0 where there is none. */
static __always_inline __u64 identify_repeated_tcp(struct view *view, const struct packet *error,
						   struct packet *repeated, const struct config *config)
{
	struct tcp tcp = {};
	if (!parse_repeated_tcp(view, error, repeated, &tcp))
		return 0;
	if (tcp.flags & (TCP_SYN | TCP_RST) || !repeated->payload)
		return identify_segment(kind_of_segment(tcp.flags), repeated, &tcp);
	struct mark mark = find_mark(config, tcp.sequence, repeated->payload);
	return mark.distance < repeated->payload ? identify_byte(IDENTITY_MARK, &tcp, tcp.sequence + mark.distance) : 0;
}

static __always_inline __u64 identify_repeated(struct view *view, const struct packet *error, struct packet *repeated,
					       const struct config *config)
{
	if (repeated->fragment)
		return 0;
	if (repeated->protocol == IPPROTO_TCP)
		return identify_repeated_tcp(view, error, repeated, config);
	if (repeated->protocol == IPPROTO_UDP) {
		const struct udphdr *udp = PEEK_INSIDE(view, error, repeated->transport, struct udphdr);
		if (!udp || !is_repeated(view, error, repeated, sizeof(*udp)))
			return 0;
		return identify_udp(view->skb, datagram_id(repeated), bpf_ntohs(udp->len),
				    repeated->transport + sizeof(*udp), repeated->length - sizeof(*udp));
	}
	if (repeated->protocol == IPPROTO_ICMP || repeated->protocol == IPPROTO_ICMPV6) {
		const struct icmphdr *header = PEEK_INSIDE(view, error, repeated->transport, struct icmphdr);
		if (!header || !is_repeated(view, error, repeated, sizeof(*header)))
			return 0;
		struct icmphdr icmp = *header;
		return identify_icmp(view->skb, repeated, &icmp);
	}
	__u32 skip = skip_of(repeated);
	return is_repeated(view, error, repeated, skip) ? identify_other(view->skb, repeated) : 0;
}

/* A global function: rarely needed. */
__noinline int identify_cause(skb_t *skb, const struct packet *error, __u64 *identity)
{
	const struct config *config = find_config(CHOSEN_BY_SAMPLE);
	if (!skb || !error || !identity || !config)
		return 0;
	struct view view;
	struct packet repeated = { .version = error->version };
	look(&view, skb);
	*identity = parse_repeated(&view, error, &repeated) ? identify_repeated(&view, error, &repeated, config) : 0;
	return 0;
}
