package bpf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// The kernel programs are driven here by BPF_PROG_TEST_RUN: real programs in the real kernel, and packets that we made.

const (
	flagEthernet = 1 // enum device_flags
	flagUnderlay = 2
	testRing     = 1 << 20
	testSlots    = 4
)

// hop is a device in one direction, as the programs are told of it.
type hop struct {
	direction int
	slot      uint16
	flags     uint16
	config    hoplensConfig
}

// everything samples all; a device with an Ethernet header that is no underlay.
func everything() hop {
	return hop{flags: flagEthernet, config: hoplensConfig{RecordsPerWindow: 1 << 30}}
}

// underlay carries VXLAN at Flannel's port.
func underlay() hop {
	h := everything()
	h.slot, h.flags, h.config.VxlanPorts = 1, flagEthernet|flagUnderlay, [8]uint16{0, 8472}
	return h
}

func (h hop) sampling(mark, packet, control uint32) hop {
	h.config.MarkExponent, h.config.PacketExponent, h.config.ControlExponent = mark, packet, control
	return h
}

// seen is what one packet left behind.
type seen struct {
	records []hoplensRecord
	totals  hoplensHopTotals // the difference
	cpu     hoplensCpuState  // likewise
}

// kernel runs the programs on what looks like a packet at the loopback device.
type kernel struct {
	testing.TB
	objects   *hoplensObjects
	hops      *ebpf.Memory
	cpus      *ebpf.Memory
	cpuCount  int
	reader    *ringbuf.Reader
	now       hop
	described bool
	session   *Session // once a filter was asked for
}

func newKernel(t testing.TB, ringBytes int) *kernel {
	t.Helper()
	inNamespace(t)
	count, err := ebpf.PossibleCPU()
	must(t, err)
	objects, _, err := load(Options{RingBytes: ringBytes, MaxDevices: testSlots}, count)
	must(t, err)
	t.Cleanup(func() { objects.Close() })
	k := &kernel{TB: t, objects: objects, cpuCount: count}
	k.open()
	return k
}

// open maps what is read here.
func (k *kernel) open() {
	k.Helper()
	var err error
	k.hops, err = k.objects.Hops.Memory()
	must(k, err)
	k.cpus, err = k.objects.Cpus.Memory()
	must(k, err)
	k.reader, err = ringbuf.NewReader(k.objects.Ring)
	must(k, err)
	k.reader.SetDeadline(time.Unix(1, 0)) // no wake-up ever comes
	k.Cleanup(func() { k.reader.Close() })
}

// place makes the device what the hop says. Nothing is loaded again.
func (k *kernel) place(h hop) {
	k.Helper()
	if k.described && h == k.now {
		return
	}
	must(k, k.objects.Config.Put(uint32(0), h.config))
	must(k, k.objects.Devices.Put(uint32(loopback), hoplensDevice{Ifindex: loopback, Slot: h.slot, Flags: h.flags}))
	k.now, k.described = h, true
}

func (k *kernel) program(direction int) *ebpf.Program {
	if direction == int(hoplensDirectionEGRESS) {
		return k.objects.HoplensEgress
	}
	return k.objects.HoplensIngress
}

// see runs one packet through a hop, and demands what is demanded of each: it goes on unchanged and is counted.
func (k *kernel) see(h hop, frame []byte, offload ...uint32) seen {
	k.Helper()
	k.place(h)
	before := seen{totals: k.totalsOf(h), cpu: k.state()}
	start := monotonicNs(k)
	k.through(h, frame, offload...)
	end := monotonicNs(k)
	after := seen{k.drain(), k.totalsOf(h), k.state()}
	after.records = slices.DeleteFunc(after.records, func(r hoplensRecord) bool { return r.Ifindex != loopback })
	result := seen{after.records, difference(before.totals, after.totals), difference(before.cpu, after.cpu)}
	if result.totals.Packets != 1 || result.totals.Bytes != uint64(len(frame)) {
		k.Fatalf("counted %+v of a packet of %d bytes", result.totals, len(frame))
	}
	if uint64(len(result.records)) != result.totals.Records {
		k.Fatalf("%d records, counted %d", len(result.records), result.totals.Records)
	}
	for _, record := range result.records {
		if record.TimeNs < start || record.TimeNs > end {
			k.Fatalf("written from %d to %d: %s", start, end, describe(record))
		}
	}
	return result
}

func monotonicNs(t testing.TB) uint64 {
	t.Helper()
	var now unix.Timespec
	must(t, unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
	return uint64(now.Nano())
}

// through only runs the program; offload is gso_size and gso_segs.
func (k *kernel) through(h hop, frame []byte, offload ...uint32) {
	k.Helper()
	options := ebpf.RunOptions{Data: frame, DataOut: make([]byte, len(frame)+256)}
	if len(offload) > 0 {
		options.Context = offloadContext(offload[0], offload[1])
	}
	verdict, err := k.program(h.direction).Run(&options)
	if err != nil {
		k.Fatalf("running %x: %v", frame, err)
	}
	if int32(verdict) != -1 || !bytes.Equal(options.DataOut, frame) {
		k.Fatalf("verdict %d, %x became %x", int32(verdict), frame, options.DataOut)
	}
}

// offloadContext is a struct __sk_buff with these two fields set.
func offloadContext(gsoSize, gsoSegs uint32) []byte {
	context := make([]byte, 184)
	binary.NativeEndian.PutUint32(context[164:], gsoSegs)
	binary.NativeEndian.PutUint32(context[176:], gsoSize)
	return context
}

func (k *kernel) drain() (records []hoplensRecord) {
	k.Helper()
	for k.reader.AvailableBytes() > 0 {
		raw, err := k.reader.Read()
		must(k, err)
		var record hoplensRecord
		_, err = binary.Decode(raw.RawSample, binary.NativeEndian, &record)
		must(k, err)
		records = append(records, record)
	}
	return records
}

// totalsOf sums a hop over all CPUs.
func (k *kernel) totalsOf(h hop) (sum hoplensHopTotals) {
	for cpu := range k.cpuCount {
		accumulate(k, k.hops, cpu*(2*testSlots+1)+2*int(h.slot)+h.direction, &sum)
	}
	return sum
}

func (k *kernel) state() (sum hoplensCpuState) {
	for cpu := range k.cpuCount {
		accumulate(k, k.cpus, cpu*choosers, &sum)
	}
	return sum
}

func accumulate[Counters any](t testing.TB, memory *ebpf.Memory, place int, sum *Counters) {
	t.Helper()
	size := binary.Size(*sum)
	raw := make([]byte, size)
	_, err := memory.ReadAt(raw, int64(place*size))
	must(t, err)
	var one Counters
	_, err = binary.Decode(raw, binary.NativeEndian, &one)
	must(t, err)
	*sum = combine(*sum, one, 1)
}

func difference[Counters any](before, after Counters) Counters {
	return combine(after, before, ^uint64(0))
}

// combine adds every counter of b, multiplied, to that of a.
func combine[Counters any](a, b Counters, factor uint64) Counters {
	to, from := reflect.ValueOf(&a).Elem(), reflect.ValueOf(b)
	for i := 1; i < to.NumField(); i++ { // the first is a mark for the compiler
		add(to.Field(i), from.Field(i), factor)
	}
	return a
}

func add(to, from reflect.Value, factor uint64) {
	if to.Kind() == reflect.Uint64 {
		to.SetUint(to.Uint() + factor*from.Uint())
		return
	}
	for i := range to.Len() {
		add(to.Index(i), from.Index(i), factor)
	}
}

// only gives the packet's one record.
func (k *kernel) only(h hop, frame []byte, offload ...uint32) hoplensRecord {
	k.Helper()
	found := k.see(h, frame, offload...)
	if len(found.records) != 1 {
		k.Fatalf("%d records of %x, counted %+v", len(found.records), frame, found.totals)
	}
	return found.records[0]
}

// unparsed gives the kind that a packet was counted as, -1 where it was followed.
func (s seen) unparsed(t testing.TB) int {
	t.Helper()
	kind, count := -1, uint64(0)
	for i, each := range s.totals.Unparsed {
		if each > 0 {
			kind = i
		}
		count += each
	}
	if count > 1 {
		t.Fatalf("one packet was counted as %v", s.totals.Unparsed)
	}
	return kind
}

func (k *kernel) wantUnparsed(h hop, frame []byte, kind hoplensUnparsed) {
	k.Helper()
	found := k.see(h, frame)
	if got := found.unparsed(k); got != int(kind) || len(found.records) > 0 {
		k.Errorf("counted as unparsed %d with %d records, want %d: %x", got, len(found.records), kind, frame)
	}
}

func addressBytes(e ends) (source, destination [16]uint8) {
	return e.source.Addr().As16(), e.destination.Addr().As16()
}

// nothingProgram is what a packet costs that meets a program which does nothing.
func nothingProgram(t testing.TB) *ebpf.Program {
	t.Helper()
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "nothing", Type: ebpf.SchedCLS, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, -1), asm.Return()},
	})
	must(t, err)
	t.Cleanup(func() { program.Close() })
	return program
}

func describe(record hoplensRecord) string { return fmt.Sprintf("%+v", record) }
