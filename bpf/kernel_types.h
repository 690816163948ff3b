/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* Of the kernel's own types what tracepoints need. CO-RE finds the members in the running kernel. */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	__u32 inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct rtnl_link_ops {
	const char *kind;
};

struct net_device {
	int ifindex;
	possible_net_t nd_net;
	const struct rtnl_link_ops *rtnl_link_ops;
};

struct dst_entry {
	struct net_device *dev;
};

struct sk_buff {
	struct net_device *dev;
	unsigned long _skb_refdst;
	__u32 len;
	__u32 data_len;
	__be16 protocol;
	__u16 network_header; /* from head, as the two below */
	__u32 tail;
	__u32 end;
	unsigned char *head;
	unsigned char *data;
};

struct skb_shared_info {
	__u16 gso_size;
	__u16 gso_segs;
};

#pragma clang attribute pop
