/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Packets that somebody asked for by a tcpdump expression are chosen by exponents of their own. While there is a filter each
 * program hands over (a tail call) to a copy of itself in which the filter's code is that of matches_filter: so a filter comes
 * and goes without touching what is attached, and without one a packet pays for a look at config->filtering. (freplace would
 * do with less, but finding a loaded function wants CAP_SYS_ADMIN.) The filter sees a copy of the packet from an IP header on:
 * headers need not be in the linear part, and tc and tracepoints differ in nothing. What link headers say it cannot ask: they
 * differ from hop to hop.
 */
volatile const bool asks_filter = false;

/* Whether the filter matches: replaced in the copies. */
__noinline int matches_filter(const struct headers *packet)
{
	int result = 0;
	/* The compiler is not to know the answer. */
	asm volatile("" : "+r"(result), "+r"(packet));
	return result;
}

static __always_inline bool matches_at(skb_t *skb, struct headers *copy, __u32 ip, __u32 length)
{
	copy->length = length;
	copy->available = copy_headers(skb, ip, copy->bytes, length);
	return copy->available && matches_filter(copy);
}

/* The packet that is followed, or the one that carries it. */
__noinline int find_filtered(skb_t *skb, const struct packet *packet)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct headers *copy = bpf_map_lookup_elem(&headers, &cpu);
	if (!skb || !packet || !copy)
		return 0;
	__u32 ip = packet->ip;
	if (matches_at(skb, copy, ip, end_of(packet) - ip))
		return 1;
	__u32 outer = packet->outer_ip;
	return packet->tunnel != TUNNEL_NONE && matches_at(skb, copy, outer, skb->len - outer);
}
