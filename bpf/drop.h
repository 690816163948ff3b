/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Where a packet was dropped: the kernel's reason, and the functions that were on the stack. Their names are printed by
 * the kernel itself, once for each way to a drop, for their addresses are hidden from those without CAP_SYSLOG.
 */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DROP_PLACES);
	__type(key, __u64);
	__type(value, __u32);
} drop_numbers SEC(".maps");

/* The agent reads it where it is mapped: entries are written once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DROP_PLACES);
	__type(key, __u32);
	__type(value, struct drop_place);
} drop_places SEC(".maps");

/* Exact counts of the node's and its pods' drops, by cpu * DROP_REASONS + reason; the last of each CPU is for the rest. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} drop_counts SEC(".maps");

__u32 drop_places_used = 0;

static __always_inline void count_reason(__u32 reason)
{
	__u32 place = bpf_get_smp_processor_id() * DROP_REASONS + (reason < DROP_REASONS ? reason : DROP_REASONS - 1);
	__u64 *count = bpf_map_lookup_elem(&drop_counts, &place);
	if (count)
		(*count)++;
}

/* Copies the frames from the one that freed the packet on; what the tracepoint itself put on the stack comes before. */
static __always_inline __u64 take_frames(void *context, struct image *image, __u64 location)
{
	__u64 hash = begin(0);
	__u32 taken = 0;
	bool found = false;
	long size = bpf_get_stack(context, image->stack, sizeof(image->stack), 0);
	__builtin_memset(image->frames, 0, sizeof(image->frames));
#pragma clang loop unroll(full)
	for (int i = 0; i < STACK_FRAMES; i++) {
		found |= image->stack[i] == location;
		if (!found || taken >= DROP_FRAMES || i * (long)sizeof(__u64) >= size)
			continue;
		image->frames[taken++ & (MAX_FRAMES - 1)] = image->stack[i];
		hash = mix(hash, image->stack[i]);
	}
	if (!taken)
		image->frames[0] = location;
	return taken ? hash : mix(hash, location);
}

static __always_inline void write_place(struct drop_place *place, struct image *image, __u32 reason)
{
	static const char format[] = "%ps\n%ps\n%ps\n%ps\n%ps\n%ps\n";
	bpf_snprintf(place->symbols, sizeof(place->symbols), format, image->frames, DROP_FRAMES * sizeof(__u64));
	place->reason = reason;
	place->written = 1;
}

/* 1 + the number of this way to a drop; 0 where there were too many. */
static __always_inline __u32 number_place(void *context, struct image *image, __u64 location, __u32 reason)
{
	__u64 key = finish(mix(take_frames(context, image, location), reason));
	__u32 *known = bpf_map_lookup_elem(&drop_numbers, &key);
	if (known)
		return *known;
	__u32 number = __sync_fetch_and_add(&drop_places_used, 1);
	struct drop_place *place = bpf_map_lookup_elem(&drop_places, &number);
	if (!place)
		return 0;
	write_place(place, image, reason);
	number++;
	bpf_map_update_elem(&drop_numbers, &key, &number, 0);
	return number;
}
