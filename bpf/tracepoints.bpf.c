// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//go:build ignore
/*
 * What packets meet between the hops. The programs read and never change a packet; the same code as at the hops says
 * which packet it is.
 */
#include "kernel.h"
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_core_read.h>
#include "record.h"
#include "maps.h"
#include "image.h"
#include "packet.h"
#include "filter.h"
#include "tcp.h"
#include "identity.h"
#include "emit.h"
#include "choose_tcp.h"
#include "cause.h"
#include "choose.h"
#include "namespaces.h"
#include "read_image.h"
#include "drop.h"

/* The copy that asks the filter, for each of the programs: the kernel wants all in one array to have one tracepoint's arguments. */
#define COPY_OF(program)                              \
	struct {                                      \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY); \
		__uint(max_entries, 1);               \
		__uint(key_size, sizeof(__u32));      \
		__uint(value_size, sizeof(__u32));    \
	} program##_filtered SEC(".maps")

#define HAND_OVER(context, program)                                         \
	do {                                                                \
		const struct config *settings = find_config(CHOSEN_BY_SAMPLE); \
		if (!asks_filter && settings && settings->filtering)        \
			bpf_tail_call(context, &program##_filtered, 0);     \
	} while (0)

COPY_OF(hoplens_drop);
COPY_OF(hoplens_transmit);
COPY_OF(hoplens_gro);
COPY_OF(hoplens_gro_frags);
COPY_OF(hoplens_netif_rx);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct image);
} images SEC(".maps");

static __always_inline struct image *find_image(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	return bpf_map_lookup_elem(&images, &cpu);
}

static __always_inline void write_out(struct image *image)
{
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < IMAGE_RECORDS; i++) {
		if (i >= image->recorded)
			break;
		bpf_ringbuf_output(&ring, &image->records[i], sizeof(struct record), BPF_RB_NO_WAKEUP);
	}
}

/* Says which packet was dropped, where it is one that is followed. */
static __always_inline void record_drop(void *context, struct image *image, __u64 location, __u32 reason)
{
	if (!image->recorded)
		return;
	__u32 number = number_place(context, image, location, reason);
#pragma clang loop unroll(full)
	for (int i = 0; i < IMAGE_RECORDS; i++)
		image->records[i].drop = number;
	write_out(image);
}

static __always_inline void count_drop(struct hop_totals *totals, const struct image *image, const struct packet *packet)
{
	totals->packets++;
	totals->bytes += image->len;
	totals->wire_packets += count_wire_packets(image, packet->payload);
}

SEC("tp_btf/kfree_skb")
int hoplens_drop(__u64 *context)
{
	HAND_OVER(context, hoplens_drop);
	struct sk_buff *skb = (struct sk_buff *)context[0];
	__u64 location = context[1];
	__u32 reason = context[2], cpu_number = bpf_get_smp_processor_id();
	struct owner owner = find_owner(skb);
	if (!owner.is_ours)
		return 0;
	struct packet packet = {
		.place = cpu_number * hops_per_cpu + hops_per_cpu - 1,
		.direction = owner.is_in_pod ? DROP_IN_POD : DROP,
	};
	struct hop_totals *totals = bpf_map_lookup_elem(&hops, &packet.place);
	const struct config *config = find_config(CHOSEN_BY_SAMPLE);
	struct image *image = find_image();
	if (!totals || !config || !image)
		return 0;
	struct view view;
	look(&view, image);
	image->ifindex = owner.ifindex;
	int result = read_image(skb, image, find_ip(skb, false)) ? parse(&view, &packet, DEVICE_UNDERLAY) :
								   UNPARSED_TRUNCATED;
	if (result == PARSED)
		result = choose_by(&view, &packet, config, totals);
	if (owner.ifindex) {
		count_drop(totals, image, &packet);
		count_reason(reason);
		count_unparsed(totals, result);
	}
	record_drop(context, image, location, reason);
	return 0;
}

/*
 * The first thing here must be cheap: it comes for every packet of every device of every namespace. NULL for all but those
 * of the node's own that are uplinks.
 */
static __always_inline const struct device *find_queue(const struct net_device *net_device)
{
	__u32 ifindex = net_device->ifindex, key = ifindex & (DEVICES - 1);
	const struct device *device = bpf_map_lookup_elem(&devices, &key);
	if (!device || device->ifindex != ifindex || !(device->flags & DEVICE_UNDERLAY))
		return NULL;
	return net_device->nd_net.net->ns.inum == own_netns ? device : NULL;
}

#define ETHERNET_BYTES 14

/* A hop of its own in time, with the totals of the tc hop beside it, which counts what passes. */
static __always_inline int observe_queue(struct sk_buff *skb, const struct net_device *net_device, __u8 direction)
{
	const struct device *device = find_queue(net_device);
	if (!device)
		return 0;
	__u32 cpu_number = bpf_get_smp_processor_id();
	struct packet packet = {
		.place = cpu_number * hops_per_cpu + 2 * device->slot + (direction == TRANSMIT ? EGRESS : INGRESS),
		.direction = direction,
	};
	const struct config *config = find_config(CHOSEN_BY_SAMPLE);
	struct image *image = find_image();
	if (!config || !image || !read_image(skb, image, find_ip(skb, direction == RECEIVE)))
		return 0;
	image->ifindex = device->ifindex;
	image->link = device->flags & DEVICE_ETHERNET ? ETHERNET_BYTES : 0;
	struct view view;
	look(&view, image);
	if (parse(&view, &packet, DEVICE_UNDERLAY) == PARSED)
		choose_by(&view, &packet, config, NULL);
	write_out(image);
	return 0;
}

SEC("tp_btf/net_dev_start_xmit")
int hoplens_transmit(__u64 *context)
{
	HAND_OVER(context, hoplens_transmit);
	return observe_queue((struct sk_buff *)context[0], (struct net_device *)context[1], TRANSMIT);
}

static __always_inline int receive(struct sk_buff *skb)
{
	return observe_queue(skb, skb->dev, RECEIVE);
}

/* One of these three is the first that sees a packet; the choice is the driver's. */
SEC("tp_btf/napi_gro_receive_entry")
int hoplens_gro(__u64 *context)
{
	HAND_OVER(context, hoplens_gro);
	return receive((struct sk_buff *)context[0]);
}

SEC("tp_btf/napi_gro_frags_entry")
int hoplens_gro_frags(__u64 *context)
{
	HAND_OVER(context, hoplens_gro_frags);
	return receive((struct sk_buff *)context[0]);
}

SEC("tp_btf/netif_rx_entry")
int hoplens_netif_rx(__u64 *context)
{
	HAND_OVER(context, hoplens_netif_rx);
	return receive((struct sk_buff *)context[0]);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
