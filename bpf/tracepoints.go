package bpf

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// dropReasonCounts is DROP_REASONS of record.h: the last is for reasons that have no number of the core's.
const dropReasonCounts = 256

// tracepoints see what happens between the hops. They are more than we need to work: a kernel that has no use for
// them says why, and hops are watched all the same.
type tracepoints struct {
	objects tracepointsObjects
	links   []link.Link
}

// watchTracepoints loads the programs onto the maps that the hops' programs have, and attaches them.
func watchTracepoints(shared *hoplensObjects, cpus, hopsPerCPU int) (*tracepoints, error) {
	const doing = "loading the programs at tracepoints"
	t := &tracepoints{}
	// Reading pages at tracepoints came with 6.12, and the verifier alone knows whether it is allowed.
	err := t.load(shared, cpus, hopsPerCPU, true)
	if err != nil {
		err = t.load(shared, cpus, hopsPerCPU, false)
	}
	if err != nil {
		return nil, failed(NoBPF, doing, err)
	}
	attached, err := link.AttachTracing(link.TracingOptions{Program: t.objects.HoplensDrop, AttachType: ebpf.AttachTraceRawTp})
	if err != nil {
		return nil, errors.Join(failed(NoBPF, "attaching to kfree_skb", err), t.close())
	}
	t.links = append(t.links, attached)
	return t, nil
}

func (t *tracepoints) load(shared *hoplensObjects, cpus, hopsPerCPU int, readsPages bool) error {
	spec, err := loadTracepoints()
	if err != nil {
		return fmt.Errorf("reading the embedded programs: %w", err)
	}
	netns, err := ownNetns()
	if err != nil {
		return err
	}
	for name, value := range map[string]any{"hops_per_cpu": uint32(hopsPerCPU), "own_netns": netns, "reads_pages": readsPages} {
		if err := spec.Variables[name].Set(value); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
	}
	spec.Maps["images"].MaxEntries = uint32(cpus)
	spec.Maps["drop_counts"].MaxEntries = uint32(cpus * dropReasonCounts)
	maps := map[string]*ebpf.Map{
		"ring": shared.Ring, "hops": shared.Hops, "cpus": shared.Cpus, "devices": shared.Devices,
		"config": shared.Config, "own_endpoints": shared.OwnEndpoints,
	}
	for name, m := range maps {
		spec.Maps[name].MaxEntries = m.MaxEntries()
	}
	return spec.LoadAndAssign(&t.objects, &ebpf.CollectionOptions{MapReplacements: maps})
}

// close takes the programs off. What is nil was never attached.
func (t *tracepoints) close() error {
	if t == nil {
		return nil
	}
	var problems []error
	for _, attached := range t.links {
		problems = append(problems, attached.Close())
	}
	return errors.Join(append(problems, t.objects.Close())...)
}

// ownNetns is the inode of the network namespace that we are in, as the kernel's struct net has it.
func ownNetns() (uint32, error) {
	info, err := os.Stat("/proc/thread-self/ns/net")
	if err != nil {
		return 0, fmt.Errorf("looking for our network namespace: %w", err)
	}
	return uint32(info.Sys().(*syscall.Stat_t).Ino), nil
}

// dropReasons are the running kernel's own names by number: numbers move between kernels.
func dropReasons() (map[string]uint64, error) {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, fmt.Errorf("reading the kernel's BTF: %w", err)
	}
	var reasons *btf.Enum
	if err := kernel.TypeByName("skb_drop_reason", &reasons); err != nil {
		return nil, fmt.Errorf("looking for enum skb_drop_reason: %w", err)
	}
	names := map[string]uint64{}
	for _, reason := range reasons.Values {
		names[strings.TrimPrefix(strings.TrimPrefix(reason.Name, "SKB_DROP_REASON_"), "SKB_")] = reason.Value
	}
	return names, nil
}
