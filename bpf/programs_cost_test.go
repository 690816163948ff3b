package bpf

import (
	"errors"
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

// dataPacket is a segment of 1448 bytes with timestamps, which holds the mark of level 10 at 0x123400.
func dataPacket() packet {
	d := newDice(1)
	segment := d.tcp(0, 1448)
	segment.sequence = 0x123001
	return d.packet(4, segment)
}

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

func TestVerifierCost(t *testing.T) {
	spec, err := loadHoplens()
	must(t, err)
	coll, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{Programs: ebpf.ProgramOptions{LogLevel: ebpf.LogLevelStats}})
	var ve *ebpf.VerifierError
	if errors.As(err, &ve) {
		t.Logf("%+v", ve)
	}
	must(t, err)
	defer coll.Close()
	for n, p := range coll.Programs {
		t.Log(n, p.VerifierLog)
	}
}
