package bpf

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// dropReasonCounts is DROP_REASONS of record.h: the last is for reasons that have no number of the core's.
const dropReasonCounts = 256

// tracepoints see what happens between the hops. They are more than we need to work: a kernel that has no use for
// them says why, and hops are watched all the same.
type tracepoints struct {
	spec     *ebpf.CollectionSpec // of what is loaded
	programs *ebpf.Collection
	links    []link.Link
	pages    bool // they read bytes behind a packet's linear part
}

// Programs of tracepoints.bpf.c, by what they are for.
var (
	dropPrograms  = []string{"hoplens_drop"}
	queuePrograms = []string{"hoplens_transmit", "hoplens_gro", "hoplens_gro_frags", "hoplens_netif_rx"}
)

// watchTracepoints loads programs onto the maps that the hops' programs have, and attaches them.
func watchTracepoints(shared *hoplensObjects, cpus, hopsPerCPU int, names []string) (*tracepoints, error) {
	spec, err := tracepointsSpec(shared, cpus, hopsPerCPU, names)
	if err != nil {
		return nil, failed(Internal, "preparing the programs at tracepoints", err)
	}
	t := &tracepoints{spec: spec}
	if t.programs, t.pages, err = loadEither(spec, shared); err != nil {
		return nil, failed(NoBPF, "loading the programs at tracepoints", err)
	}
	for _, name := range names {
		options := link.TracingOptions{Program: t.programs.Programs[name], AttachType: ebpf.AttachTraceRawTp}
		attached, err := link.AttachTracing(options)
		if err != nil {
			return nil, errors.Join(failed(NoBPF, "attaching "+name, err), t.close())
		}
		t.links = append(t.links, attached)
	}
	return t, nil
}

func tracepointsSpec(shared *hoplensObjects, cpus, hopsPerCPU int, names []string) (*ebpf.CollectionSpec, error) {
	spec, err := loadTracepoints()
	if err != nil {
		return nil, err
	}
	netns, err := ownNetns()
	if err != nil {
		return nil, err
	}
	for name := range spec.Programs {
		if !slices.Contains(names, name) {
			delete(spec.Programs, name)
		}
	}
	spec.Maps["images"].MaxEntries = uint32(cpus)
	spec.Maps["headers"].MaxEntries = uint32(cpus)
	spec.Maps["drop_counts"].MaxEntries = uint32(cpus * dropReasonCounts)
	for name, m := range sharedMaps(shared) {
		spec.Maps[name].MaxEntries = m.MaxEntries()
	}
	return spec, errors.Join(spec.Variables["hops_per_cpu"].Set(uint32(hopsPerCPU)), spec.Variables["own_netns"].Set(netns))
}

func sharedMaps(shared *hoplensObjects) map[string]*ebpf.Map {
	return map[string]*ebpf.Map{
		"ring": shared.Ring, "hops": shared.Hops, "cpus": shared.Cpus, "devices": shared.Devices,
		"config": shared.Config, "own_endpoints": shared.OwnEndpoints,
	}
}

// loadEither loads programs that read pages, or else ones that do not: tracepoints may since 6.12, and the verifier alone
// knows whether they may here.
func loadEither(spec *ebpf.CollectionSpec, shared *hoplensObjects) (programs *ebpf.Collection, pages bool, err error) {
	for _, pages = range []bool{true, false} {
		if err = spec.Variables["reads_pages"].Set(pages); err != nil {
			return nil, pages, err
		}
		options := ebpf.CollectionOptions{MapReplacements: sharedMaps(shared)}
		if programs, err = ebpf.NewCollectionWithOptions(spec.Copy(), options); err == nil {
			return programs, pages, nil
		}
	}
	return nil, false, err
}

// filter hands over to copies that ask a filter.
func (t *tracepoints) filter(body asm.Instructions) error {
	if t == nil {
		return nil
	}
	shared := maps.Clone(t.programs.Maps)
	delete(shared, ".rodata")
	loaded, err := loadCopies(t.spec.Copy(), body, shared)
	if err != nil {
		// The filter before must not go on in its place.
		return errors.Join(fmt.Errorf("filtering at tracepoints: %w", err), t.removeFilter())
	}
	for name, program := range loaded {
		err = errors.Join(err, t.copyOf(name).Put(uint32(0), program))
	}
	if err != nil {
		err = errors.Join(err, t.removeFilter())
	}
	return errors.Join(err, loaded.close())
}

func (t *tracepoints) removeFilter() (problems error) {
	if t == nil {
		return nil
	}
	for name := range t.programs.Programs {
		problems = errors.Join(problems, clearArray(t.copyOf(name)))
	}
	return problems
}

// copyOf is the array that a program hands over by.
func (t *tracepoints) copyOf(name string) *ebpf.Map { return t.programs.Maps[name+"_filtered"] }

// close takes the programs off. What is nil was never attached.
func (t *tracepoints) close() error {
	if t == nil {
		return nil
	}
	var problems []error
	for _, attached := range t.links {
		problems = append(problems, attached.Close())
	}
	t.programs.Close()
	return errors.Join(problems...)
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
