/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Where a tc program's packets are, and where its records go. Parsing, identity and choice know no other way to a
 * packet's bytes than these functions; image.h has them for tracepoints.
 */
typedef struct __sk_buff skb_t;

struct view {
	skb_t *skb;
	void *data;
	void *data_end;
	__u64 scratch[5]; /* where `peek` copies to: one header at a time */
};

static __always_inline void look(struct view *view, skb_t *skb)
{
	view->skb = skb;
	view->data = (void *)(long)skb->data;
	view->data_end = (void *)(long)skb->data_end;
}

/* Of the packet from its link header on. False where it ends before. */
static __always_inline bool load_bytes(skb_t *skb, __u32 offset, void *to, __u32 size)
{
	return bpf_skb_load_bytes(skb, offset, to, size) == 0;
}

/* Whether content there could be read: a tc program reads all of a packet. */
static __always_inline bool has_bytes(skb_t *skb __attribute__((unused)), __u32 offset __attribute__((unused)),
				      __u32 size __attribute__((unused)))
{
	return true;
}

/* An Ethernet jumbo frame's headers end long before this; it tells the verifier that offsets are small. */
#define MAX_OFFSET 0xfff

/*
 * Direct access where the bytes are in the linear part, else a copy. It never pulls data, for that would change the skb
 * under somebody's pointers.
 */
static __always_inline const void *peek(struct view *view, __u32 offset, __u32 size)
{
	if (offset > MAX_OFFSET)
		return NULL;
	void *at = view->data + offset;
	if (at + size <= view->data_end)
		return at;
	return load_bytes(view->skb, offset, view->scratch, size) ? view->scratch : NULL;
}

/* At most FILTER_BYTES of `length`; gives how many. */
static __always_inline __u32 copy_headers(skb_t *skb, __u32 offset, __u8 *to, __u32 length)
{
	__u32 last = (length < FILTER_BYTES ? length : FILTER_BYTES) - 1;
	asm volatile("" : "+r"(last)); /* see copy_bytes */
	if (last >= FILTER_BYTES || !load_bytes(skb, offset, to, last + 1))
		return 0;
	return last + 1;
}

static __always_inline struct record *reserve_record(skb_t *skb __attribute__((unused)))
{
	return bpf_ringbuf_reserve(&ring, sizeof(struct record), 0);
}

static __always_inline void submit_record(skb_t *skb __attribute__((unused)), struct record *record)
{
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}
