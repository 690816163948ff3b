/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* Sized by the loader: hops, cpus and ring by what it is told. */

#define DEVICES 0x10000
#define ENDPOINTS 4096 /* one for each agent of a cluster */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");

/* By cpu * hops_per_cpu + hop; the last hop of each CPU is for all that was dropped. An array that the agent maps costs it no system call; only its own CPU writes an entry. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hop_totals);
} hops SEC(".maps");

/* By cpu * CHOOSERS + chooser. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_state);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEVICES);
	__type(key, __u32);
	__type(value, struct device);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CHOOSERS);
	__type(key, __u32);
	__type(value, struct config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENDPOINTS);
	__type(key, struct endpoint);
	__type(value, __u8);
} own_endpoints SEC(".maps");

#define FILTER_BYTES 256 /* a power of two */

/* A copy of a packet from an IP header on. */
struct headers {
	__u32 length;    /* of the IP packet */
	__u32 available; /* bytes of it that are here */
	__u8 bytes[FILTER_BYTES];
	__u8 margin[8];  /* the widest load from the last byte stays inside */
};

/* By cpu: what a filter looks at. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct headers);
} headers SEC(".maps");

volatile const __u32 hops_per_cpu = 1;

static __always_inline const struct config *find_config(__u32 chooser)
{
	return bpf_map_lookup_elem(&config, &chooser);
}

static __always_inline struct cpu_state *find_cpu_state(__u32 chooser)
{
	__u32 place = bpf_get_smp_processor_id() * CHOOSERS + chooser;
	return bpf_map_lookup_elem(&cpus, &place);
}
