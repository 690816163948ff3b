/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Whose packet is it? Tracepoints see every namespace of the machine. Ours is the node's, and those of pods: the other
 * ends of its veth pairs, unless the pair is the node's own cable to another node.
 */
volatile const __u32 own_netns = 0; /* inode of the network namespace that the agent is in */

struct owner {
	__u32 ifindex; /* of a device in the node's namespace; 0 where none is known */
	bool is_ours;
	bool is_in_pod;
};

static __always_inline __u32 netns_of(const struct net_device *device)
{
	return BPF_CORE_READ(device, nd_net.net, ns.inum);
}

static __always_inline bool is_veth(const struct net_device *device)
{
	char kind[5] = {};
	const char *name = BPF_CORE_READ(device, rtnl_link_ops, kind);
	if (bpf_probe_read_kernel(kind, sizeof(kind), name))
		return false;
	return kind[0] == 'v' && kind[1] == 'e' && kind[2] == 't' && kind[3] == 'h' && kind[4] == 0;
}

#define NETDEV_ALIGN 32

/* A driver's own data begins behind the device; of veth's the first member is the peer, in every kernel since 2.6. */
static __always_inline const struct net_device *veth_peer(const struct net_device *device)
{
	const struct net_device *peer = NULL;
	__u64 size = (bpf_core_type_size(struct net_device) + NETDEV_ALIGN - 1) & ~(NETDEV_ALIGN - 1ULL);
	bpf_probe_read_kernel(&peer, sizeof(peer), (const void *)device + size);
	return peer;
}

static __always_inline bool is_uplink(__u32 ifindex)
{
	__u32 key = ifindex & (DEVICES - 1);
	const struct device *device = bpf_map_lookup_elem(&devices, &key);
	return device && device->ifindex == ifindex && device->flags & DEVICE_UNDERLAY;
}

static __always_inline struct owner own_of(const struct net_device *device, bool is_in_pod)
{
	return (struct owner){ .is_ours = true, .is_in_pod = is_in_pod, .ifindex = BPF_CORE_READ(device, ifindex) };
}

/* `netns` is the device's. */
static __always_inline struct owner owner_of(const struct net_device *device, __u32 netns)
{
	if (netns == own_netns)
		return own_of(device, false);
	if (is_veth(device)) {
		const struct net_device *peer = veth_peer(device);
		if (netns_of(peer) == own_netns && !is_uplink(BPF_CORE_READ(peer, ifindex)))
			return own_of(peer, true);
	}
	return (struct owner){};
}

#define DST_POINTER (~7UL) /* the lowest bits of a reference are flags */

/*
 * A packet that is only being sent has no device yet, but a route with one. One that was received may have lost its own
 * (UDP's receive queue keeps other things in its place): it may be of any namespace, only its identity will tell, and
 * nothing but identities is made of it.
 */
static __always_inline struct owner find_owner(const struct sk_buff *skb)
{
	const struct net_device *device = skb->dev;
	__u32 netns = device ? device->nd_net.net->ns.inum : 0; /* followed without a call; what cannot be read is 0 */
	if (netns)
		return owner_of(device, netns);
	device = BPF_CORE_READ((const struct dst_entry *)(skb->_skb_refdst & DST_POINTER), dev);
	struct owner owner = owner_of(device, netns_of(device));
	owner.is_ours = true;
	return owner;
}
