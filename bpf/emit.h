/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* Writing a record of what was chosen. */

/*
 * What is chosen of a packet: itself, a byte in it, a datagram in it. No padding and all of it set, as global functions
 * demand.
 */
struct sample {
	__u64 identity;
	__u64 time_ns; /* 0: not read yet */
	__u32 sequence;
	__u32 mark;
	__u32 context;
	__u8 kind;
	__u8 level;
	__u8 exponent;
	__u8 tcp_flags;
};

static __always_inline void copy_ipv4(__u8 *to, __be32 address)
{
	__u32 *word = (__u32 *)to;
	word[0] = 0;
	word[1] = 0;
	word[2] = bpf_htonl(0xffff);
	word[3] = address;
}

static __always_inline void copy_ipv6(__u8 *to, const __be32 *address)
{
	__u32 *word = (__u32 *)to;
	word[0] = address[0];
	word[1] = address[1];
	word[2] = address[2];
	word[3] = address[3];
}

/* The IP header, one of the two. */
struct addresses {
	const struct iphdr *ipv4;
	const struct ipv6hdr *ipv6;
};

static __always_inline struct addresses find_addresses(struct view *view, const struct packet *packet)
{
	return (struct addresses){
		.ipv4 = packet->version == 4 ? PEEK(view, packet->ip, struct iphdr) : NULL,
		.ipv6 = packet->version == 6 ? PEEK(view, packet->ip, struct ipv6hdr) : NULL,
	};
}

static __always_inline void copy_source(__u8 *to, struct addresses from)
{
	if (from.ipv4)
		copy_ipv4(to, from.ipv4->saddr);
	else if (from.ipv6)
		copy_ipv6(to, from.ipv6->saddr);
	else
		__builtin_memset(to, 0, 16);
}

static __always_inline void copy_destination(__u8 *to, struct addresses from)
{
	if (from.ipv4)
		copy_ipv4(to, from.ipv4->daddr);
	else if (from.ipv6)
		copy_ipv6(to, from.ipv6->daddr);
	else
		__builtin_memset(to, 0, 16);
}

struct ports {
	__be16 source;
	__be16 destination;
};

static __always_inline struct ports find_ports(struct view *view, const struct packet *packet)
{
	bool has = packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP || packet->protocol == IPPROTO_SCTP;
	const struct ports *ports = NULL;
	if (has && !packet->fragment && packet->length >= sizeof(*ports))
		ports = PEEK(view, packet->transport, struct ports);
	return ports ? *ports : (struct ports){};
}

static __always_inline void fill_flow(struct view *view, const struct packet *packet, struct flow *flow)
{
	struct ports ports = find_ports(view, packet);
	struct addresses addresses = find_addresses(view, packet);
	copy_source(flow->source, addresses);
	copy_destination(flow->destination, addresses);
	flow->source_port = bpf_ntohs(ports.source);
	flow->destination_port = bpf_ntohs(ports.destination);
	flow->protocol = packet->protocol;
	__builtin_memset(flow->padding, 0, sizeof(flow->padding));
}

static __always_inline struct hop_totals *find_totals(const struct packet *packet)
{
	__u32 place = packet->place;
	return bpf_map_lookup_elem(&hops, &place);
}

static __always_inline bool is_own_port(const struct config *config, __u16 port)
{
	return config->own_ports >> (port & 63) & 1;
}

static __always_inline bool is_own_endpoint(skb_t *skb, const struct packet *packet, bool source, __u16 port)
{
	struct endpoint endpoint = { .port = port };
	if (packet->version == 4) {
		endpoint.address[10] = 0xff;
		endpoint.address[11] = 0xff;
		load_bytes(skb, packet->ip + (source ? 12 : 16), &endpoint.address[12], 4);
	} else {
		load_bytes(skb, packet->ip + (source ? 8 : 24), endpoint.address, 16);
	}
	return bpf_map_lookup_elem(&own_endpoints, &endpoint) != NULL;
}

/* Whether one end is known as ours. A global function, rarely called: behind a look at the ports. */
__noinline int is_own(skb_t *skb, const struct packet *packet, __u16 source_port, __u16 destination_port)
{
	return skb && packet && (is_own_endpoint(skb, packet, true, source_port) ||
			  is_own_endpoint(skb, packet, false, destination_port));
}

/* Our own stream crosses the uplinks too; following it would make more of it. True, and counted, where this is of it. */
static __always_inline bool skip_own(skb_t *skb, const struct packet *packet, const struct tcp *tcp,
				     const struct config *config)
{
	if (!is_own_port(config, tcp->source_port) && !is_own_port(config, tcp->destination_port))
		return false;
	if (!is_own(skb, packet, tcp->source_port, tcp->destination_port))
		return false;
	struct hop_totals *totals = find_totals(packet);
	if (totals)
		totals->own++;
	return true;
}

/* The controller needs a moment to see a burst; until then each CPU writes no more than its share. */
static __always_inline bool is_capped(struct cpu_state *cpu, const struct config *config, __u64 time_ns)
{
	__u64 window = time_ns >> WINDOW_SHIFT;
	if (cpu->window != window) {
		cpu->window = window;
		cpu->used = 0;
	}
	return cpu->used++ >= config->records_per_window;
}

/* How many packets this one is, or becomes, on the wire. */
static __always_inline __u32 count_wire_packets(const skb_t *skb, __u32 payload)
{
	__u32 segments = skb->gso_segs;
	if (segments)
		return segments;
	__u32 size = skb->gso_size;
	return size && payload ? (payload + size - 1) / size : 1;
}

/* `result` is an enum unparsed, or PARSED. The verifier is to see the bound where it is used. */
static __always_inline void count_unparsed(struct hop_totals *totals, int result)
{
	__u32 kind = result;
	asm volatile("" : "+r"(kind));
	if (kind < UNPARSED_KINDS)
		totals->unparsed[kind]++;
}

static __always_inline __u32 sample_exponent(const struct config *config, __u8 kind)
{
	if (kind == IDENTITY_MARK)
		return config->mark_exponent;
	return kind == IDENTITY_SYN || kind == IDENTITY_FIN || kind == IDENTITY_RST ? config->control_exponent :
										      config->packet_exponent;
}

/* What the filter chose is marked; whether other hops must have written it too the sample's exponent decides. */
static __always_inline void tell_filter(struct record *record)
{
	const struct config *sample = find_config(CHOSEN_BY_SAMPLE);
	record->filter = 1 + record->exponent;
	if (sample)
		record->exponent = sample_exponent(sample, record->kind);
}

/* Writes the record. What cannot be written is counted. */
static __always_inline void write_record(struct view *view, const struct packet *packet, struct sample *sample,
					 const struct config *config, struct cpu_state *cpu)
{
	const skb_t *skb = view->skb;
	struct hop_totals *totals = find_totals(packet);
	if (!totals)
		return;
	if (!sample->time_ns)
		sample->time_ns = bpf_ktime_get_ns();
	if (is_capped(cpu, config, sample->time_ns)) {
		totals->capped++;
		return;
	}
	struct record *record = reserve_record(view->skb);
	if (!record) {
		totals->ring_full++;
		return;
	}
	record->identity = sample->identity;
	record->time_ns = sample->time_ns;
	fill_flow(view, packet, &record->flow);
	record->ifindex = skb->ifindex;
	record->bytes = skb->len;
	record->sequence = sample->sequence;
	record->payload = packet->payload;
	record->mark = sample->mark;
	record->context = sample->context;
	record->vni = packet->vni;
	record->wire_packets = count_wire_packets(skb, packet->payload);
	record->encapsulation = packet->encapsulation;
	record->headers = packet->headers;
	record->vlan = packet->vlan;
	record->drop = 0;
	record->direction = packet->direction;
	record->kind = sample->kind;
	record->level = sample->level;
	record->exponent = sample->exponent;
	record->filter = 0;
	if (packet->chooser == CHOSEN_BY_FILTER)
		tell_filter(record);
	record->tcp_flags = sample->tcp_flags;
	record->tunnel = packet->tunnel;
	record->ttl = packet->ttl;
	__builtin_memset(record->padding, 0, sizeof(record->padding));
	submit_record(view->skb, record);
	totals->records++;
}

/*
 * The same as a global function. A call costs 8 ns where processors are guarded against return prediction (AMD's SRSO),
 * so what is written most often, a packet's first mark, goes without.
 */
__noinline int emit(skb_t *skb, const struct packet *packet, struct sample *sample)
{
	const struct config *config = find_config(chooser_of(packet));
	struct cpu_state *cpu = find_cpu_state(chooser_of(packet));
	if (!skb || !packet || !sample || !config || !cpu)
		return 0;
	struct view view;
	look(&view, skb);
	write_record(&view, packet, sample, config, cpu);
	return 0;
}
