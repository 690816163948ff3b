package bpf

import (
	"slices"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
)

// cost gives what one run takes in nanoseconds, measured by the kernel.
func cost(b *testing.B, program *ebpf.Program, frame []byte, repeat int) float64 {
	b.Helper()
	_, took, err := program.Benchmark(frame, repeat, nil)
	must(b, err)
	return float64(took) / float64(time.Nanosecond)
}

// dataPacket is a segment of 1448 bytes with timestamps and one mark of level 10.
func dataPacket() packet {
	segment := newDice(1).tcp(0, 1448)
	segment.sequence = 0x123401 // marks at 0x123800
	return newDice(1).packet(4, segment)
}

const marksOfDataPacket = 1

// discard empties the ring without looking at what is in it.
func (k *kernel) discard() {
	k.Helper()
	var record ringbuf.Record
	for k.reader.AvailableBytes() > 0 {
		must(k, k.reader.ReadInto(&record))
	}
}

func benchmarkCost(b *testing.B, h hop, p packet) {
	k := newKernel(b, 1<<17)
	empty := nothingProgram(b)
	k.place(h)
	frame := p.frame()
	const repeat = 1000 // all records must find room in the ring
	var without, added []float64
	b.ResetTimer()
	for b.Loop() {
		base := cost(b, empty, frame, repeat)
		without, added = append(without, base), append(added, cost(b, k.program(h.direction), frame, repeat)-base)
		k.discard()
	}
	if totals := k.totalsOf(h); totals.RingFull > 0 || totals.Records > 0 && totals.Records != totals.Packets {
		b.Fatalf("measured something else: %+v", totals)
	}
	b.ReportMetric(quantile(without, 0.5), "empty-ns/packet")
	b.ReportMetric(quantile(added, 0.5), "added-ns/packet")
	b.ReportMetric(quantile(added, 0.1), "added-p10-ns/packet")
	b.ReportMetric(quantile(added, 0.9), "added-p90-ns/packet")
}

func quantile(values []float64, q float64) float64 {
	slices.Sort(values)
	return values[int(q*float64(len(values)-1))]
}

func BenchmarkUnsampled(b *testing.B) {
	b.Run("tcp", func(b *testing.B) { benchmarkCost(b, everything().sampling(31, 31, 31), dataPacket()) })
}

func BenchmarkSampled(b *testing.B) {
	b.Run("tcp", func(b *testing.B) { benchmarkCost(b, everything().sampling(10, 31, 31), dataPacket()) })
}

// The verifier gives up at a million instructions, and older kernels prune less: stay far below.
// (test/vm/verified.mjs reads the lines of this test.)
func TestVerifierHasLittleToDo(t *testing.T) {
	k := newKernel(t, testRing)
	programs := []*ebpf.Program{k.objects.HoplensIngress, k.objects.HoplensEgress}
	for _, name := range slices.Concat(dropPrograms, queuePrograms) {
		between, err := watchTracepoints(k.objects, k.cpuCount, 2*testSlots, []string{name})
		if err != nil {
			t.Logf("without %s: %v", name, err) // the agent works without too, and says so
			continue
		}
		defer func() { must(t, between.close()) }()
		programs = append(programs, between.programs.Programs[name])
	}
	for _, program := range programs {
		info, err := program.Info()
		must(t, err)
		count, known := info.VerifiedInstructions()
		t.Logf("%s: %d instructions verified", info.Name, count)
		if !known || count > 200_000 {
			t.Errorf("%s: %d instructions verified (known: %v)", info.Name, count, known)
		}
	}
}
