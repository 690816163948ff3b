/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* From the kernel's skb to an image of it. */

struct bpf_dynptr {
	__u64 opaque[2];
} __attribute__((aligned(8)));

/* Tracepoints may call it since 6.12; where they may not, content behind the linear part is missing and so counted. */
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *into) __ksym __weak;
volatile const bool reads_pages = false;

static __always_inline void read_pages(struct sk_buff *skb, struct image *image, __u32 linear, __u32 from)
{
	struct bpf_dynptr content;
	if (!reads_pages || linear > IMAGE_BYTES - IMAGE_MARGIN)
		return;
	if (bpf_dynptr_from_skb((struct __sk_buff *)skb, 0, &content))
		return;
	if (bpf_dynptr_read(image->bytes + linear, IMAGE_MARGIN, &content, from, 0) == 0)
		image->available = linear + IMAGE_MARGIN;
}

/* What the network stack has looked at knows where its IP header is; what comes from a driver begins with it. */
static __always_inline __u32 find_ip(const struct sk_buff *skb, bool from_driver)
{
	return from_driver ? skb->data - skb->head : skb->network_header;
}

/*
 * `ip` is the place of the IP header from the skb's head. False where the skb ends before, or has none: a message between
 * Unix sockets is an skb too, at whose head stands what was left there by whoever had the memory before.
 */
static __always_inline bool read_image(struct sk_buff *skb, struct image *image, __u32 ip)
{
	unsigned char *head = skb->head;
	__u32 tail = skb->tail, data = skb->data - head;
	image->recorded = 0; /* what the image held before is not to be written again */
	if (ip == 0 || ip >= tail)
		return false;
	__u32 linear = tail - ip;
	const struct skb_shared_info *shared = (const void *)head + skb->end;
	image->len = skb->len + data - ip;
	image->protocol = skb->protocol;
	image->link = 0;
	image->gso_size = BPF_CORE_READ(shared, gso_size);
	image->gso_segs = BPF_CORE_READ(shared, gso_segs);
	__u32 size = linear < IMAGE_BYTES ? linear : IMAGE_BYTES;
	asm volatile("" : "+r"(size)); /* before 6.8 the verifier sees no bound that was shown of another register */
	image->available = size;
	if (size > IMAGE_BYTES || bpf_probe_read_kernel(image->bytes, size, head + ip))
		return false;
	if (linear < image->len)
		read_pages(skb, image, linear, tail - data);
	return true;
}
