/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Parsing: from the link header to the transport header of the packet that matters, which on an underlay device is
 * the one inside the tunnel. Reads what is there, never past its end, and says what it did not understand.
 */

/*
 * One packet at one hop. No pointers, no padding, and all of it set: only then do global functions take it, which the
 * verifier walks once and not once for each way that leads to them. (From 6.3 on the kernel is less strict.)
 */
struct packet {
	__u32 ip;            /* offset of the IP header */
	__u32 transport;     /* offset of what follows it */
	__u32 length;        /* bytes from there to the end of the IP packet */
	__u32 payload;       /* bytes behind the transport header */
	__u32 id;            /* IPv4 id, or that of an IPv6 fragment */
	__u32 fragment;      /* offset of a fragment in units of 8 bytes */
	__u32 vni;
	__u32 place;         /* of the hop's totals */
	__u16 encapsulation; /* bytes before the inner link header */
	__u16 headers;       /* bytes before the payload */
	__u16 vlan;
	__u16 link_protocol; /* host order */
	__u8 version;        /* 4 or 6 */
	__u8 protocol;
	__u8 ttl;
	__u8 tunnel;
	__u8 fragmented;
	__u8 direction;
	__u8 outer_ip;       /* offset of the IP header that a tunnel's packets have */
	__u8 chooser;        /* enum chooser */
};

static __always_inline __u32 chooser_of(const struct packet *packet)
{
	return packet ? packet->chooser : CHOSEN_BY_SAMPLE;
}

/* A pointer to a header at `offset`, good until the next PEEK; NULL where the packet ends before the header does. */
#define PEEK(view, offset, type) ((const type *)peek(view, offset, sizeof(type)))

/* Where the IP packet ends: what is behind that is padding. */
static __always_inline __u32 end_of(const struct packet *packet)
{
	return packet->transport + packet->length;
}

/*
 * The same for what IP's length does not vouch for: NULL also where the IP packet ends before the header does. Linux 6.1's
 * verifier wants the check and the access to begin with one and the same sum, which the compiler would take apart.
 */
static __always_inline const void *peek_inside(struct view *view, const struct packet *packet, __u32 offset, __u32 size)
{
	if (offset + size > end_of(packet))
		return NULL;
	asm volatile("" : "+r"(offset));
	return peek(view, offset, size);
}

#define PEEK_INSIDE(view, packet, offset, type) ((const type *)peek_inside(view, packet, offset, sizeof(type)))

/*
 * Copies `size` bytes, 1 to `most`. Before 6.8 the verifier learns nothing from "is not 0", which the compiler makes of
 * "is at least 1": so the bound is shown of one less, whose origin is hidden from the compiler.
 */
static __always_inline bool copy_bytes(skb_t *skb, __u32 offset, void *to, __u32 size, __u32 most)
{
	__u32 last = size - 1;
	asm volatile("" : "+r"(last));
	return last < most && load_bytes(skb, offset, to, last + 1);
}

#define PARSED (-1)

/* Walks from an Ethernet header at `offset` over at most two VLAN tags. Sets ip and link_protocol. */
static __always_inline int parse_ethernet(struct view *view, struct packet *packet, __u32 offset)
{
	const struct ethhdr *ethernet = PEEK(view, offset, struct ethhdr);
	if (!ethernet)
		return UNPARSED_TRUNCATED;
	__u16 protocol = bpf_ntohs(ethernet->protocol);
	offset += sizeof(*ethernet);
	for (int tags = 0; tags < 2; tags++) {
		if (protocol != ETH_P_8021Q && protocol != ETH_P_8021AD)
			break;
		const struct vlan_hdr *vlan = PEEK(view, offset, struct vlan_hdr);
		if (!vlan)
			return UNPARSED_TRUNCATED;
		if (!packet->vlan)
			packet->vlan = bpf_ntohs(vlan->tci) & 0xfff;
		protocol = bpf_ntohs(vlan->protocol);
		offset += sizeof(*vlan);
	}
	if (protocol == ETH_P_8021Q || protocol == ETH_P_8021AD)
		return UNPARSED_LINK;
	packet->ip = offset;
	packet->link_protocol = protocol;
	return PARSED;
}

static __always_inline int parse_ipv4(struct view *view, struct packet *packet)
{
	const struct iphdr *ip = PEEK(view, packet->ip, struct iphdr);
	if (!ip)
		return UNPARSED_TRUNCATED;
	__u32 header = (ip->version_ihl & 0xf) * 4;
	__u32 available = view->skb->len - packet->ip;
	/* BIG TCP: longer than 64 KiB, and then the header says 0. */
	__u32 total = bpf_ntohs(ip->tot_len) ?: available;
	if (ip->version_ihl >> 4 != 4 || header < sizeof(*ip) || total < header)
		return UNPARSED_IP;
	if (total > available)
		return UNPARSED_TRUNCATED;
	__u16 fragment = bpf_ntohs(ip->frag_off);
	packet->version = 4;
	packet->protocol = ip->protocol;
	packet->ttl = ip->ttl;
	packet->id = bpf_ntohs(ip->id);
	packet->fragment = fragment & IP_OFFSET;
	packet->fragmented = (fragment & (IP_MF | IP_OFFSET)) != 0;
	packet->transport = packet->ip + header;
	packet->length = total - header;
	return PARSED;
}

/* More than any sender makes; six make every order that RFC 8200 names. */
#define MAX_EXTENSIONS 6

static __always_inline bool is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS || next == IPPROTO_AH ||
	       next == IPPROTO_FRAGMENT;
}

/* Steps over one extension header: `transport` and `protocol` are where the walk is. False where the packet ends. */
static __always_inline bool walk_extension(skb_t *skb, struct packet *packet)
{
	struct ipv6_extension header;
	if (!load_bytes(skb, packet->transport, &header, sizeof(header)))
		return false;
	__u32 size = sizeof(header);
	if (packet->protocol == IPPROTO_FRAGMENT) {
		__u16 place = bpf_ntohs(header.frag_off);
		packet->id = bpf_ntohl(header.identification);
		packet->fragment = place >> 3;
		packet->fragmented = (place & (IP6_MF | IP6_OFFSET)) != 0;
	} else if (packet->protocol == IPPROTO_AH) {
		size = (header.hdrlen + 2) * 4;
	} else {
		size = (header.hdrlen + 1) * 8;
	}
	if (size > packet->length)
		return false;
	packet->protocol = header.nexthdr;
	packet->transport += size;
	packet->length -= size;
	return true;
}

/* A global function: rarely needed. */
__noinline int walk_extensions(skb_t *skb, struct packet *packet)
{
	if (!skb || !packet)
		return UNPARSED_EXTENSIONS;
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (!walk_extension(skb, packet))
			return UNPARSED_TRUNCATED;
		/* Behind a fragment's header comes the middle of something, unless it is the first. */
		if (!is_extension(packet->protocol) || packet->fragment)
			return PARSED;
	}
	return UNPARSED_EXTENSIONS;
}

static __always_inline int parse_ipv6(struct view *view, struct packet *packet)
{
	const struct ipv6hdr *ip = PEEK(view, packet->ip, struct ipv6hdr);
	if (!ip)
		return UNPARSED_TRUNCATED;
	if ((bpf_ntohl(ip->version_class_label) >> 28) != 6)
		return UNPARSED_IP;
	packet->version = 6;
	packet->protocol = ip->nexthdr;
	packet->ttl = ip->hop_limit;
	packet->id = 0;
	packet->fragment = 0;
	packet->fragmented = false;
	packet->transport = packet->ip + sizeof(*ip);
	packet->length = view->skb->len - packet->transport;
	/* A jumbogram says 0 and has its length in a hop-by-hop option: what the skb has is what there is. */
	__u32 payload = bpf_ntohs(ip->payload_len) ?: packet->length;
	if (payload > packet->length)
		return UNPARSED_TRUNCATED;
	packet->length = payload;
	return is_extension(packet->protocol) ? walk_extensions(view->skb, packet) : PARSED;
}

static __always_inline int parse_ip(struct view *view, struct packet *packet)
{
	if (packet->link_protocol == ETH_P_IP)
		return parse_ipv4(view, packet);
	if (packet->link_protocol == ETH_P_IPV6)
		return parse_ipv6(view, packet);
	return UNPARSED_NOT_IP;
}

static __always_inline bool is_vxlan_port(const struct config *config, __u16 port)
{
	for (int i = 0; i < VXLAN_PORTS; i++)
		if (config->vxlan_ports[i] == port)
			return port != 0;
	return false;
}

/* Offset of the Ethernet header inside VXLAN, 0 where this is no VXLAN, -1 where it contradicts itself. */
static __always_inline __s32 find_vxlan(struct view *view, struct packet *packet, const struct config *config)
{
	if (packet->protocol != IPPROTO_UDP || packet->fragmented)
		return 0;
	const struct udphdr *udp = PEEK(view, packet->transport, struct udphdr);
	if (!udp || !is_vxlan_port(config, bpf_ntohs(udp->dest)))
		return 0;
	const struct vxlanhdr *vxlan = PEEK(view, packet->transport + sizeof(*udp), struct vxlanhdr);
	if (!vxlan || !(bpf_ntohl(vxlan->flags) & VXLAN_I))
		return -1;
	packet->vni = bpf_ntohl(vxlan->vni) >> 8;
	return packet->transport + sizeof(struct udphdr) + sizeof(struct vxlanhdr);
}

/*
 * Down to the inner packet, where there is one. A global function: the headers inside are parsed by a copy of the code
 * of their own, and only at underlay devices.
 */
__noinline int enter_tunnel(skb_t *skb, struct packet *packet)
{
	const struct config *settings = find_config(CHOSEN_BY_SAMPLE);
	if (!skb || !packet || !settings)
		return UNPARSED_TUNNEL;
	struct view view;
	look(&view, skb);
	__s32 inner = find_vxlan(&view, packet, settings);
	if (inner == 0)
		return PARSED;
	if (inner < 0)
		return UNPARSED_TUNNEL;
	packet->tunnel = TUNNEL_VXLAN;
	packet->encapsulation = inner;
	packet->outer_ip = packet->ip;
	int result = parse_ethernet(&view, packet, inner);
	return result == PARSED ? parse_ip(&view, packet) : result;
}

/* Parses down to the transport header of the innermost packet we follow. PARSED or an enum unparsed. */
static __always_inline int parse(struct view *view, struct packet *packet, __u16 flags)
{
	int result;
	if (flags & DEVICE_ETHERNET) {
		result = parse_ethernet(view, packet, 0);
		if (result != PARSED)
			return result;
	} else {
		packet->link_protocol = bpf_ntohs(view->skb->protocol);
		if (packet->link_protocol != ETH_P_IP && packet->link_protocol != ETH_P_IPV6)
			return UNPARSED_LINK;
	}
	result = parse_ip(view, packet);
	if (result == PARSED && flags & DEVICE_UNDERLAY && packet->protocol == IPPROTO_UDP)
		return enter_tunnel(view->skb, packet);
	return result;
}
