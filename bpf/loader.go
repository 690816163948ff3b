package bpf

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

const (
	maxDevices   = 1 << 15 // a slot is 16 bits, and a hop is twice the slot
	maxRingBytes = 1 << 30
	loopback     = 1 // its ifindex in every network namespace
	choosers     = int(hoplensChooserCHOOSERS)
)

// Options size what is loaded.
type Options struct {
	RingBytes  int    `json:"ringBytes"`  // a power of two, at least a page
	MaxDevices int    `json:"maxDevices"` // attached at the same time
	Hooks      string `json:"hooks"`      // auto, tcx or clsact
	Drops      bool   `json:"drops"`      // watch them where the kernel lets us
	Queues     bool   `json:"queues"`     // watch those of underlay devices
	Examine    bool   `json:"examine"`    // only to see whether all loads: beside an agent that may run, and nothing is cleaned up
}

func (o Options) check() error {
	switch {
	case bits.OnesCount(uint(o.RingBytes)) != 1 || o.RingBytes < os.Getpagesize() || o.RingBytes > maxRingBytes:
		return fmt.Errorf("ringBytes is %d, not a power of two from %d to %d", o.RingBytes, os.Getpagesize(), maxRingBytes)
	case !slices.Contains([]string{"auto", "tcx", "clsact"}, o.Hooks):
		return fmt.Errorf("hooks is %q, not auto, tcx or clsact", o.Hooks)
	case o.MaxDevices < 1 || o.MaxDevices > maxDevices:
		return fmt.Errorf("maxDevices is %d, not from 1 to %d", o.MaxDevices, maxDevices)
	}
	return nil
}

// hopsPerCPU: two for each device, and one for all that is dropped.
func (o Options) hopsPerCPU() int { return 2*o.MaxDevices + 1 }

// hopsSpec is what sits at devices, with its maps sized.
func hopsSpec(options Options, cpus int) (*ebpf.CollectionSpec, error) {
	spec, err := loadHoplens()
	if err != nil {
		return nil, failed(Internal, "reading the embedded kernel programs", err)
	}
	hopsPerCPU := options.hopsPerCPU()
	spec.Maps["ring"].MaxEntries = uint32(options.RingBytes)
	spec.Maps["hops"].MaxEntries = uint32(cpus * hopsPerCPU)
	spec.Maps["cpus"].MaxEntries = uint32(cpus * choosers)
	spec.Maps["headers"].MaxEntries = uint32(cpus)
	if err := spec.Variables["hops_per_cpu"].Set(uint32(hopsPerCPU)); err != nil {
		return nil, failed(Internal, "sizing the kernel programs' tables", err)
	}
	return spec, nil
}

// load loads everything once. It gives the types of what was loaded beside it.
func load(options Options, cpus int) (*hoplensObjects, *btf.Spec, error) {
	spec, err := hopsSpec(options, cpus)
	if err != nil {
		return nil, nil, err
	}
	var objects hoplensObjects
	const doing = "loading the kernel programs"
	switch err := spec.LoadAndAssign(&objects, nil); {
	case err == nil:
		return &objects, spec.Types, nil
	case classify(err, NoBPF) == NoPermission: // the package's own sentence blames MEMLOCK, which counts before 5.11 only
		return nil, nil, fail(NoPermission, doing, errors.New("not permitted, hoplens needs the capabilities BPF, NET_ADMIN and PERFMON"))
	default:
		return nil, nil, failed(NoBPF, doing, err)
	}
}

// chooseHooks turns auto into what this kernel has: tcx came with 6.6.
func chooseHooks(wanted string) (string, error) {
	if wanted == "clsact" {
		return wanted, nil
	}
	_, err := tcxPrograms(loopback, ebpf.AttachTCXIngress)
	switch {
	case err == nil:
		return "tcx", nil
	case !errors.Is(err, link.ErrNotSupported):
		return "", failed(NoBPF, "asking the kernel for its tcx hooks", err)
	case wanted == "tcx":
		return "", fail(NoHook, "choosing the hooks", errors.New("this kernel has no tcx, it came with 6.6"))
	}
	return "clsact", nil
}

// mapBytes is what can be mapped of an array: whole pages.
func mapBytes(m *ebpf.Map) int {
	page := os.Getpagesize()
	bytes := int(m.MaxEntries()) * int((m.ValueSize()+7)&^7)
	return (bytes + page - 1) / page * page
}
