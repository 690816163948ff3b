/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * What kernel and agent share. This file is the only definition: Go and TypeScript derive their
 * layouts from its BTF. Everything is little-endian and naturally aligned, padding is named.
 */

/* All but the last two make a hop. A dropped packet's record has the device that it had then, and says where it was. */
enum direction {
	INGRESS,
	EGRESS,
	TRANSMIT,    /* out of an uplink's queue and to its driver */
	RECEIVE,     /* from an uplink's driver, before segments are merged */
	DROP,        /* in the node's own network namespace */
	DROP_IN_POD, /* in that of the pod behind the device */
};

/* What a record's identity was made of. */
enum identity_kind {
	IDENTITY_MARK,     /* a byte of a TCP stream */
	IDENTITY_SYN,
	IDENTITY_FIN,
	IDENTITY_RST,
	IDENTITY_ACK,      /* TCP without payload */
	IDENTITY_UDP,
	IDENTITY_ICMP,
	IDENTITY_ICMP_ERROR,
	IDENTITY_FRAGMENT, /* any but the first, which has its datagram's identity */
	IDENTITY_OTHER,    /* any other protocol over IP */
};

enum tunnel { TUNNEL_NONE, TUNNEL_VXLAN };

/* Why a packet was not followed. The first six are parse failures, the last two are not. */
enum unparsed {
	UNPARSED_TRUNCATED,  /* a header reaches past the end of the packet */
	UNPARSED_LINK,       /* more than two VLAN tags, or a device without Ethernet that carries no IP */
	UNPARSED_IP,         /* version, header length or total length contradict each other */
	UNPARSED_EXTENSIONS, /* more IPv6 extension headers than we walk */
	UNPARSED_TRANSPORT,  /* a TCP header length that cannot be */
	UNPARSED_TUNNEL,     /* VXLAN without a VNI */
	UNPARSED_NOT_IP,     /* ARP, LLDP, ... */
	UNPARSED_NEIGHBOUR,  /* neighbour discovery, router advertisements, multicast listeners */
	UNPARSED_KINDS,
};

/* One direction's ends as this hop saw the inner packet. */
struct flow {
	__u8 source[16];      /* IPv4 as ::ffff:a.b.c.d */
	__u8 destination[16];
	__u16 source_port;    /* host order; 0 without ports */
	__u16 destination_port;
	__u8 protocol;        /* IPPROTO_* of the inner packet */
	__u8 padding[3];
};

/* What a hop writes for one sampled identity. */
struct record {
	__u64 identity;
	__u64 time_ns;        /* CLOCK_MONOTONIC */
	struct flow flow;
	__u32 ifindex;        /* 0: a dropped packet's device is not known */
	__u32 bytes;          /* skb length with its link header; of a dropped packet from its IP header on */
	__u32 sequence;       /* TCP: first byte; else the IPv4 id, or an IPv6 fragment's */
	__u32 payload;        /* bytes behind the transport header (TCP: L) */
	__u32 mark;           /* TCP: the marked byte's sequence number; UDP: datagram's place in its super-packet */
	__u32 context;        /* TCP: hash of (ack, TSval, TSecr) */
	                      /* ICMP error, both: the identity of the packet that caused it, low and high; or 0 */
	__u32 vni;
	__u16 wire_packets;   /* packets that this one is, or becomes, on the wire */
	__u16 encapsulation;  /* bytes that the tunnel adds to each wire packet; 0 without tunnel */
	__u16 headers;        /* bytes of all headers in each wire packet, link header included */
	__u16 vlan;           /* outermost VLAN id; 0 without */
	__u16 drop;           /* 1 + place in drop_places; 0: not a drop, or the table is full */
	__u8 direction;       /* enum direction */
	__u8 kind;            /* enum identity_kind */
	__u8 level;           /* written at every hop whose exponent is at most this */
	__u8 exponent;        /* of the sample, in force when this was written: below it only a filter has chosen */
	__u8 tcp_flags;
	__u8 tunnel;          /* enum tunnel */
	__u8 ttl;
	__u8 filter;          /* 1 + the exponent of what the filter matches; 0: it did not match here */
	__u8 padding[2];
};

/* Exact counters of one hop on one CPU. */
struct hop_totals {
	__u64 packets;        /* as skbs */
	__u64 bytes;          /* skb lengths with link headers */
	__u64 wire_packets;
	__u64 own;            /* records not written because they were of hoplens' own stream */
	__u64 records;
	__u64 ring_full;      /* records lost because the ring was full */
	__u64 capped;         /* records not written because this CPU wrote its share of this window */
	__u64 filtered;       /* packets that the filter in force matched */
	__u64 unparsed[UNPARSED_KINDS];
};

#define DROP_PLACES 1024
#define DROP_REASONS 256
#define DROP_FRAMES 6
#define DROP_SYMBOLS_BYTES 248

/* One way to a drop: the kernel's reason, and who called whom when it freed the packet. */
struct drop_place {
	__u32 reason;         /* enum skb_drop_reason of the running kernel */
	__u32 written;        /* 1 when the rest is */
	char symbols[DROP_SYMBOLS_BYTES]; /* names of functions, innermost first, each with a line feed behind */
};

/* Windows of 17 ms: senders burst within a millisecond at rates that their second never reaches. */
#define WINDOW_SHIFT 24

/* By what a packet is chosen. Each has exponents, a cap and a demand of its own. */
enum chooser { CHOSEN_BY_SAMPLE, CHOSEN_BY_FILTER, CHOOSERS };

/* One CPU's state by chooser, and what the controller computes the exponent from. */
struct cpu_state {
	__u64 mark_bytes[32];   /* TCP payload bytes by the level of marks that was chosen for their packet */
	__u64 mark_packets[32]; /* and how many packets carried them */
	__u64 packets;        /* what the packet exponent chooses from */
	__u64 control;        /* SYN, FIN, RST */
	__u64 window;         /* time >> WINDOW_SHIFT of the last record */
	__u64 used;           /* records in that window */
};

#define VXLAN_PORTS 8

/* By chooser. Written by the agent at any time; an exponent of the filter's is never above the sample's. */
struct config {
	__u32 mark_exponent;
	__u32 packet_exponent;
	__u32 control_exponent;
	__u32 records_per_window; /* cap of each CPU in 2^WINDOW_SHIFT ns */
	__u64 own_ports;          /* bit (port & 63) set: look the endpoint up in own_endpoints */
	__u16 vxlan_ports[VXLAN_PORTS]; /* host order; 0 is unused */
	__u32 filtering;          /* whether there is a filter to ask; of the sample's entry, as are the ports of VXLAN */
	__u32 padding;
};

enum device_flags {
	DEVICE_ETHERNET = 1,  /* frames begin with an Ethernet header */
	DEVICE_UNDERLAY = 2,  /* carries tunnels: follow the inner packet */
};

/* By ifindex & 0xffff. */
struct device {
	__u32 ifindex;        /* 0: free */
	__u16 slot;           /* hop = 2 * slot + direction */
	__u16 flags;
};

struct endpoint {
	__u8 address[16];
	__u16 port;
	__u16 padding;
};
