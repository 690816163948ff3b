package bpf

import (
	"encoding/binary"
	"flag"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Packets that are nearly right, by the hundred thousand: what holds for every input, whatever it is.

var mutateFor = flag.Duration("mutate", 0, "run mutated packets for so long, instead of a fixed number")
var mutateSeed = flag.Uint64("seed", 40, "of the mutated packets")

// Each mutated packet is run three times. Emulated processors take fewer of them.
func mutatedPackets() int {
	if os.Getenv("HOPLENS_EMULATED") != "" {
		return 5_000
	}
	return 70_000
}

func TestMutatedPackets(t *testing.T) {
	m := newMutator(t)
	start, count := time.Now(), 0
	for ; count < mutatedPackets() && *mutateFor == 0 || time.Since(start) < *mutateFor; count++ {
		m.check(m.next(count))
	}
	t.Logf("%d packets, %d runs in %.0f s: %d followed by kind %v, %d not understood by kind %v", count, m.runs,
		time.Since(start).Seconds(), m.followed, m.kinds, m.refused, m.unparsed)
	for kind, times := range m.kinds {
		if times < uint64(count)/1000 {
			t.Errorf("only %d packets of identity kind %d: the cases are lopsided", times, kind)
		}
	}
	for kind, times := range m.unparsed {
		if times < uint64(count)/3000 {
			t.Errorf("only %d packets of unparsed kind %d: the cases are lopsided", times, kind)
		}
	}
}

// input is a frame and where it is seen.
type input struct {
	hop
	frame   []byte
	offload []uint32 // gso_size and gso_segs, or nothing
}

type mutator struct {
	*kernel
	dice
	cpu      int
	corpus   [][]byte
	runs     int
	followed int
	refused  int
	kinds    [hoplensIdentityKindIDENTITY_OTHER + 1]uint64
	unparsed [hoplensUnparsedUNPARSED_KINDS]uint64
}

// newMutator stays on one CPU, so that only that one's counters must be looked at.
func newMutator(t *testing.T) *mutator {
	k := newKernel(t, testRing)
	var allowed, one unix.CPUSet
	must(t, unix.SchedGetaffinity(0, &allowed))
	cpu := 0
	for !allowed.IsSet(cpu) {
		cpu++
	}
	one.Set(cpu)
	must(t, unix.SchedSetaffinity(0, &one))
	t.Cleanup(func() { _ = unix.SchedSetaffinity(0, &allowed) })
	return &mutator{kernel: k, dice: newDice(*mutateSeed), cpu: cpu}
}

func (m *mutator) next(number int) input {
	if number%500 == 0 {
		m.corpus = m.newCorpus()
	}
	in := input{hop: everything(), frame: m.mutate(m.corpus[m.IntN(len(m.corpus))])}
	if m.IntN(2) == 0 {
		in.hop = underlay()
	}
	if m.IntN(12) == 0 {
		in.flags &^= flagEthernet // the link header is then taken for an IP header
	}
	in.direction = m.IntN(2)
	if m.IntN(4) == 0 {
		in.offload = []uint32{uint32(m.IntN(1500)), uint32(m.IntN(50))}
	}
	return in
}

// newCorpus has one of everything, plain, tagged and in a tunnel.
func (m *mutator) newCorpus() (corpus [][]byte) {
	for _, each := range append(m.dice.kinds(4), m.dice.kinds(6)...) {
		tagged, long := each.packet, each.packet
		tagged.tags = []uint16{uint16(m.Uint32()), uint16(m.Uint32())}[:1+m.IntN(2)]
		if long.version() == 4 {
			long.options = m.bytes(4 * m.IntN(11))
		} else {
			long.extensions = []extension{{0, 8}, {60, 16}, {43, 24}, {51, 24}}[:m.IntN(5)]
		}
		inner := []packet{each.packet, tagged, long}[m.IntN(3)].frame()
		corpus = append(corpus, each.frame(), tagged.frame(), long.frame(), wrapped(m.dice, m.version(), 8472, m.Uint32()>>8, inner).frame())
	}
	for range 3 {
		corpus = append(corpus, append(ethernet(0x0800, 1, 2, 3), m.bytes(60)...))
	}
	return append(corpus, append(ethernet(0x0806), m.bytes(46)...), append(ethernet(uint16(m.Uint32())), m.bytes(100)...),
		m.packet(6, icmp{135, 0, 0, m.bytes(24)}).frame())
}

// Values that sit at the edges of what fields can hold.
var edges = []byte{0, 1, 4, 5, 6, 0x0f, 0x10, 0x3f, 0x40, 0x44, 0x45, 0x46, 0x4f, 0x7f, 0x80, 0xf0, 0xfe, 0xff, 6, 17, 1, 58, 44, 132}

// mutate changes a few bytes, mostly of headers, and now and then the length.
func (m *mutator) mutate(source []byte) []byte {
	frame := slices.Clone(source)
	for range m.IntN(4) {
		at := m.IntN(min(len(frame), 140))
		switch m.IntN(4) {
		case 0:
			frame[at] = byte(m.Uint32())
		case 1:
			frame[at] = edges[m.IntN(len(edges))]
		case 2:
			frame[at] ^= 1 << m.IntN(8)
		default:
			frame = slices.Insert(frame, at, m.bytes(1+m.IntN(8))...)
		}
	}
	switch m.IntN(6) {
	case 0:
		frame = frame[:m.IntN(len(frame)+1)]
	case 1:
		frame = append(frame, m.bytes(m.IntN(40))...)
	}
	if len(frame) < 15 {
		frame = append(frame, make([]byte, 15-len(frame))...)
	}
	return append(frame, make([]byte, max(0, shortest(frame)-len(frame)))...)
}

// left is what a run left behind, as far as it is compared.
type left struct {
	records    []hoplensRecord
	unparsed   int // kind; -1 where it was understood
	candidates uint64
}

func (m *mutator) check(in input) {
	m.Helper()
	whole := m.run(in)
	m.count(whole)
	m.wantOneOrTheOther(in, whole)
	end := m.wantInside(in, whole.records)
	m.wantSame(in, whole.records, m.run(input{in.hop, m.withOtherTail(in.frame, end), in.offload}).records)
	sampled := in
	sampled.hop = in.sampling(m.Uint32()%14, m.Uint32()%4, m.Uint32()%4)
	chosen := slices.DeleteFunc(slices.Clone(whole.records), func(r hoplensRecord) bool {
		return uint32(r.Level) < exponentOf(sampled.config, r.Kind)
	})
	m.wantSame(in, withoutCauses(chosen), withoutCauses(m.run(sampled).records))
}

// withoutCauses leaves out which packet caused an error: data is named by a mark, and marks are others at other exponents.
func withoutCauses(records []hoplensRecord) []hoplensRecord {
	for i := range records {
		if records[i].Kind == uint8(hoplensIdentityKindIDENTITY_ICMP_ERROR) {
			records[i].Mark, records[i].Context = 0, 0
		}
	}
	return records
}

func exponentOf(config hoplensConfig, kind uint8) uint32 {
	switch hoplensIdentityKind(kind) {
	case hoplensIdentityKindIDENTITY_MARK:
		return config.MarkExponent
	case hoplensIdentityKindIDENTITY_SYN, hoplensIdentityKindIDENTITY_FIN, hoplensIdentityKindIDENTITY_RST:
		return config.ControlExponent
	default:
		return config.PacketExponent
	}
}

// run also demands what is demanded of each run: it goes on unchanged and is counted once, everywhere.
func (m *mutator) run(in input) left {
	m.Helper()
	m.place(in.hop)
	m.runs++
	totals := m.counters(m.hops, (m.cpu*testSlots+int(in.slot))*2+in.direction, binary.Size(hoplensHopTotals{}))
	states := m.counters(m.cpus, m.cpu, binary.Size(hoplensCpuState{}))
	m.through(in.hop, in.frame, in.offload...)
	records := slices.DeleteFunc(m.drain(), func(r hoplensRecord) bool { return r.Ifindex != loopback })
	totals = m.since(totals, m.hops, (m.cpu*testSlots+int(in.slot))*2+in.direction)
	states = m.since(states, m.cpus, m.cpu)
	result := left{records, -1, 0}
	// As struct hop_totals has them: packets, bytes, wire packets, own, records, ring full, capped, reserved, unparsed.
	if totals[0] != 1 || totals[1] != uint64(len(in.frame)) || totals[2] == 0 || totals[3]+totals[5]+totals[6]+totals[7] != 0 ||
		totals[4] != uint64(len(records)) {
		m.Fatalf("counted %v with %d records: %x", totals, len(records), in.frame)
	}
	for kind, times := range totals[8:] {
		if times > 1 || times == 1 && result.unparsed >= 0 {
			m.Fatalf("one packet was counted as not understood %v: %x", totals[8:], in.frame)
		}
		if times == 1 {
			result.unparsed = kind
		}
	}
	for _, times := range states[32:66] { // packets by level of their marks, packets followed as a whole, control
		result.candidates += times
	}
	return result
}

func (m *mutator) counters(memory io.ReaderAt, place, size int) []uint64 {
	raw := make([]byte, size)
	_, err := memory.ReadAt(raw, int64(place*size))
	must(m, err)
	values := make([]uint64, size/8)
	for i := range values {
		values[i] = binary.NativeEndian.Uint64(raw[8*i:])
	}
	return values
}

func (m *mutator) since(before []uint64, memory io.ReaderAt, place int) []uint64 {
	after := m.counters(memory, place, 8*len(before))
	for i := range after {
		after[i] -= before[i]
	}
	return after
}

func (m *mutator) count(found left) {
	if found.unparsed >= 0 {
		m.refused++
		m.unparsed[found.unparsed]++
		return
	}
	m.followed++
	for _, record := range found.records[:min(1, len(found.records))] {
		m.kinds[record.Kind]++
	}
}

// wantOneOrTheOther: a packet is a candidate for being followed, or counted as not understood. At exponent 0 every
// candidate is written.
func (m *mutator) wantOneOrTheOther(in input, found left) {
	m.Helper()
	isUnderstood := found.unparsed < 0
	if isUnderstood != (found.candidates > 0) || isUnderstood != (len(found.records) > 0) {
		m.Fatalf("not understood %d, %d candidates, %d records: %x", found.unparsed, found.candidates, len(found.records), in.frame)
	}
}

// wantInside: what is written lies inside the frame. It gives where the packet that was followed ends.
func (m *mutator) wantInside(in input, records []hoplensRecord) (end int) {
	m.Helper()
	end = len(in.frame)
	for _, record := range records {
		end = int(record.Headers) + int(record.Payload)
		if end > len(in.frame) || record.Encapsulation > record.Headers || int(record.Direction) != in.direction ||
			record.Bytes != uint32(len(in.frame)) || record.Kind > uint8(hoplensIdentityKindIDENTITY_OTHER) {
			m.Fatalf("%d bytes: %s of %x", len(in.frame), describe(record), in.frame)
		}
		if record.Kind == uint8(hoplensIdentityKindIDENTITY_MARK) && record.Mark-record.Sequence >= record.Payload {
			m.Fatalf("a mark outside of its packet: %s of %x", describe(record), in.frame)
		}
	}
	return end
}

// withOtherTail changes what is behind the packet's end, where nobody may look.
func (m *mutator) withOtherTail(frame []byte, end int) []byte {
	return append(slices.Clone(frame[:end]), m.bytes(len(frame)-end)...)
}

func (m *mutator) wantSame(in input, want, got []hoplensRecord) {
	m.Helper()
	if len(want) != len(got) {
		m.Fatalf("%d records, want %d: %x", len(got), len(want), in.frame)
	}
	for i := range want {
		one, other := want[i], got[i]
		one.TimeNs, other.TimeNs, one.Exponent, other.Exponent = 0, 0, 0, 0
		if one != other {
			m.Fatalf("%s\nbecame %s\nof %x", describe(one), describe(other), in.frame)
		}
	}
}
