/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Where a tracepoint's packets are: a copy of what an skb holds from its IP header on, as far as headers and the bytes
 * of identities reach. A tracepoint's program has no direct access to packets, its global functions take no kernel's
 * pointers, and where the copy ends nothing can be read by mistake. Records wait in it until the program, which alone
 * may walk the stack, has told where the packet was dropped.
 */
#define IMAGE_BYTES 256
#define IMAGE_MARGIN 64 /* the most that is read at once; shows the verifier that it stays inside */
#define IMAGE_RECORDS 4
#define STACK_FRAMES 16
#define MAX_FRAMES 8 /* a power of two that holds DROP_FRAMES */

typedef struct image {
	__u32 len;       /* as __sk_buff has it, but from the IP header on */
	__u32 protocol;  /* of the link header, network order */
	__u32 ifindex;
	__u32 gso_size;
	__u32 gso_segs;
	__u32 available; /* bytes of the packet that are here */
	__u32 recorded;
	__u32 link;      /* bytes of the link header, which records count and this copy lacks */
	struct record records[IMAGE_RECORDS];
	__u64 stack[STACK_FRAMES];
	__u64 frames[MAX_FRAMES];
	__u8 bytes[IMAGE_BYTES + IMAGE_MARGIN];
} skb_t;

struct view {
	skb_t *skb;
};

static __always_inline void look(struct view *view, skb_t *skb)
{
	view->skb = skb;
}

static __always_inline const void *peek(struct view *view, __u32 offset, __u32 size)
{
	if (offset > IMAGE_BYTES || size > IMAGE_MARGIN || offset + size > view->skb->available)
		return NULL;
	return view->skb->bytes + offset;
}

static __always_inline bool load_bytes(skb_t *skb, __u32 offset, void *to, __u32 size)
{
	if (offset > IMAGE_BYTES || size > IMAGE_MARGIN || offset + size > skb->available)
		return false;
	return bpf_probe_read_kernel(to, size, skb->bytes + offset) == 0;
}

/* Of a super-packet only the first datagrams are here. */
static __always_inline bool has_bytes(skb_t *skb, __u32 offset, __u32 size)
{
	return offset + size <= skb->available;
}

static __always_inline __u32 copy_headers(skb_t *skb, __u32 offset, __u8 *to, __u32 length)
{
	if (offset >= skb->available || offset > IMAGE_BYTES)
		return 0;
	__u32 here = skb->available - offset;
	__u32 last = (length < here ? length : here) - 1;
	if (last > FILTER_BYTES - 1)
		last = FILTER_BYTES - 1;
	asm volatile("" : "+r"(last)); /* see copy_bytes */
	if (last >= FILTER_BYTES || bpf_probe_read_kernel(to, last + 1, skb->bytes + offset))
		return 0;
	return last + 1;
}

static __always_inline struct record *reserve_record(skb_t *skb)
{
	__u32 at = skb->recorded;
	return at < IMAGE_RECORDS ? &skb->records[at] : NULL;
}

static __always_inline void submit_record(skb_t *skb, struct record *record)
{
	record->bytes += skb->link;
	record->headers += skb->link;
	if (record->tunnel)
		record->encapsulation += skb->link;
	skb->recorded++;
}
