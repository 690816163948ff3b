// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//go:build ignore
/*
 * One program for each direction, the same at every device. It counts every packet, and of the sampled ones writes a
 * record. It never drops, edits, marks or redirects.
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "record.h"
#include "maps.h"
#include "skb.h"
#include "packet.h"
#include "filter.h"
#include "tcp.h"
#include "identity.h"
#include "emit.h"
#include "choose_tcp.h"
#include "cause.h"
#include "choose.h"

/* The copies that ask the filter, by direction. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} filtered SEC(".maps");

static __always_inline int observe(struct __sk_buff *skb, __u8 direction)
{
	__u32 ifindex = skb->ifindex;
	__u32 key = ifindex & (DEVICES - 1), cpu_number = bpf_get_smp_processor_id();
	const struct device *device = bpf_map_lookup_elem(&devices, &key);
	const struct config *config = find_config(CHOSEN_BY_SAMPLE);
	if (!device || device->ifindex != ifindex || !config)
		return TCX_NEXT;
	if (!asks_filter && config->filtering)
		bpf_tail_call(skb, &filtered, direction);
	struct packet packet = {
		.place = cpu_number * hops_per_cpu + 2 * device->slot + direction,
		.vlan = skb->vlan_present ? skb->vlan_tci & 0xfff : 0,
		.direction = direction,
	};
	struct hop_totals *totals = bpf_map_lookup_elem(&hops, &packet.place);
	if (!totals)
		return TCX_NEXT;

	struct view view;
	look(&view, skb);
	int result = parse(&view, &packet, device->flags);
	if (result == PARSED)
		result = choose_by(&view, &packet, config, totals);
	totals->packets++;
	totals->bytes += skb->len;
	totals->wire_packets += count_wire_packets(skb, packet.payload);
	count_unparsed(totals, result);
	return TCX_NEXT;
}

SEC("tc")
int hoplens_ingress(struct __sk_buff *skb)
{
	return observe(skb, INGRESS);
}

SEC("tc")
int hoplens_egress(struct __sk_buff *skb)
{
	return observe(skb, EGRESS);
}

/* Types that only the agent names must reach it through the BTF. */
const enum direction unused_direction __attribute__((unused));
const enum tunnel unused_tunnel __attribute__((unused));
const enum identity_kind unused_identity_kind __attribute__((unused));
const enum unparsed unused_unparsed __attribute__((unused));
const enum chooser unused_chooser __attribute__((unused));
const struct record *unused_record __attribute__((unused));
const struct drop_place *unused_drop_place __attribute__((unused));

char LICENSE[] SEC("license") = "Dual BSD/GPL";
