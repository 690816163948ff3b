/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Whose packet is it? Tracepoints see every namespace of the machine. Ours is the node's, and those of pods: the other
 * ends of its veth pairs.
 */
volatile const __u32 own_netns = 0; /* inode of the network namespace that the agent is in */

struct owner {
	__u32 ifindex; /* of a device in the node's namespace; 0 where none is known */
	bool is_ours;
	bool is_in_pod;
};

/* Pointers that a tracepoint's arguments lead to are followed as they are: what cannot be read reads as 0. */
static __always_inline __u32 netns_of(const struct net_device *device)
{
	return device ? device->nd_net.net->ns.inum : 0;
}

static __always_inline bool is_veth(const struct net_device *device)
{
	char kind[5] = {};
	const struct rtnl_link_ops *operations = device->rtnl_link_ops;
	const char *name = operations ? operations->kind : NULL;
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

/*
 * A packet without a readable device (UDP's receive queue keeps other things in its place) may be of any namespace: only
 * its identity will tell, and nothing but identities is made of it.
 */
static __always_inline struct owner find_owner(const struct sk_buff *skb)
{
	const struct net_device *device = skb->dev;
	__u32 netns = netns_of(device);
	if (!netns)
		return (struct owner){ .is_ours = true };
	if (netns == own_netns)
		return (struct owner){ .is_ours = true, .ifindex = device->ifindex };
	if (!is_veth(device))
		return (struct owner){};
	const struct net_device *peer = veth_peer(device);
	if (BPF_CORE_READ(peer, nd_net.net, ns.inum) != own_netns)
		return (struct owner){};
	return (struct owner){ .is_ours = true, .is_in_pod = true, .ifindex = BPF_CORE_READ(peer, ifindex) };
}
