package bpf

import (
	"fmt"
	"math/bits"
	"slices"
	"testing"
)

const mostPayload = 3300 // of a test run, which takes no more than a page with all that surrounds the packet

// cutStream makes segments of a stream of bytes, of any size that is wanted.
func cutStream(d dice, stream tcp, longest int) (segments []packet) {
	ends := d.ends(d.version())
	for rest := stream.payload; len(rest) > 0; {
		size := min(1+d.IntN(longest), len(rest))
		segment := d.packet(ends.version(), nil)
		part := stream
		part.payload = rest[:size]
		part.window = uint16(d.Uint32())
		segment.ends, segment.body = ends, part
		segments = append(segments, segment)
		stream.sequence += uint32(size)
		rest = rest[size:]
	}
	return segments
}

type markSeen struct {
	identity uint64
	context  uint32
}

// marksOf runs segments through a hop and tells which marks it reports.
func marksOf(k *kernel, h hop, segments []packet) map[uint32]markSeen {
	k.Helper()
	exponent := h.config.MarkExponent
	found := map[uint32]markSeen{}
	for _, segment := range segments {
		data := segment.body.(tcp)
		length := uint32(len(data.payload))
		seen := k.see(h, segment.frame())
		level := max(exponent, uint32(bits.Len32(length)-1))
		if seen.cpu.MarkBytes[level] != uint64(length) || seen.cpu.MarkPackets[level] != 1 {
			k.Fatalf("%d bytes at exponent %d counted as %+v", length, exponent, seen.cpu)
		}
		want := expectedMarks(data.sequence, length, level)
		if length>>exponent > 0 && len(want) == 0 || len(want) > 2 {
			k.Fatalf("the reference itself finds %d marks in %d bytes at exponent %d", len(want), length, exponent)
		}
		var got []uint32
		for _, record := range seen.records {
			got = append(got, record.Mark)
			if record.Kind != uint8(hoplensIdentityKindIDENTITY_MARK) || record.Sequence != data.sequence || record.Payload != length ||
				int(record.Level) != min(bits.TrailingZeros32(record.Mark), 31) || record.Exponent != uint8(exponent) {
				k.Fatalf("%s of %+v", describe(record), data)
			}
			found[record.Mark] = markSeen{record.Identity, record.Context}
		}
		if !slices.Equal(got, want) {
			k.Fatalf("exponent %d, [%d, +%d): marks %v, want %v", exponent, data.sequence, length, got, want)
		}
	}
	return found
}

// expectedMarks is the definition: the multiples of 2^level in [sequence, sequence + length).
func expectedMarks(sequence, length, level uint32) (marks []uint32) {
	for offset := range length {
		if number := sequence + offset; number&(1<<level-1) == 0 {
			marks = append(marks, number)
		}
	}
	return marks
}

// longestPerByte tells of every byte of a stream how long the longest packet was that carried it.
func longestPerByte(stream tcp, hops ...[]packet) []int {
	longest := make([]int, len(stream.payload))
	for _, segments := range hops {
		at := 0
		for _, segment := range segments {
			length := len(segment.body.(tcp).payload)
			for range length {
				longest[at] = max(longest[at], length)
				at++
			}
		}
	}
	return longest
}

func TestMarksSurviveAnySegmentation(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(2)
	for number := range 60 {
		stream := d.tcp(0, 1+d.IntN(60000))
		if number%3 == 0 { // over the wrap of the sequence numbers
			stream.sequence = -uint32(d.IntN(len(stream.payload)))
		}
		if number%5 == 0 {
			stream.options = nil
		}
		exponents := [2]uint32{uint32(d.IntN(14)), uint32(d.IntN(14))}
		near := cutStream(d, stream, mostPayload)
		far := cutStream(d, stream, 1+d.IntN(mostPayload))
		atNear := marksOf(k, everything().sampling(exponents[0], 31, 31), near)
		atFar := marksOf(k, everything().sampling(exponents[1], 31, 31), far)
		for offset, longest := range longestPerByte(stream, near, far) {
			mark := stream.sequence + uint32(offset)
			level := bits.TrailingZeros32(mark)
			both := max(int(exponents[0]), int(exponents[1]), bits.Len(uint(longest))-1)
			if level < both {
				continue
			}
			one, other := atNear[mark], atFar[mark]
			if one != other || one == (markSeen{}) {
				t.Fatalf("stream %d, exponents %v: mark %d of level %d: %v near, %v far", number, exponents, mark, level, one, other)
			}
		}
	}
}

func TestMarksAreNested(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(3)
	for range 10 {
		stream := d.tcp(0, 40000)
		segments := cutStream(d, stream, mostPayload)
		finer := marksOf(k, everything().sampling(0, 31, 31), segments)
		for exponent := uint32(1); exponent <= 31; exponent++ {
			coarser := marksOf(k, everything().sampling(exponent, 31, 31), segments)
			for mark, identity := range coarser {
				if finer[mark] != identity {
					t.Fatalf("exponent %d has mark %d, %d has not", exponent, mark, exponent-1)
				}
			}
			finer = coarser
		}
	}
}

func TestMarkIdentityIsOfStreamAndTransmission(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(4)
	identity := func(data tcp) hoplensRecord {
		data.payload = d.bytes(1)
		return k.only(everything(), d.packet(4, data).frame())
	}
	for range 200 {
		data := d.tcp(0, 1)
		value, echo := d.Uint32(), d.Uint32()
		data.options = timestamps(value, echo)
		plain := identity(data)
		same := data
		same.window, same.flags = uint16(d.Uint32()), data.flags|8
		if again := identity(same); again.Identity != plain.Identity || again.Context != plain.Context {
			t.Fatalf("window and push change %s", describe(plain))
		}
		moved := data
		moved.sequence++
		if other := identity(moved); other.Identity == plain.Identity || other.Context != plain.Context {
			t.Fatalf("the next byte: %s and %s", describe(plain), describe(other))
		}
		for name, change := range map[string]func(*tcp){
			"ack":   func(t *tcp) { t.ack++ },
			"tsval": func(t *tcp) { t.options = timestamps(value+1, echo) },
			"tsecr": func(t *tcp) { t.options = timestamps(value, echo+1) },
			"none":  func(t *tcp) { t.options = nil },
		} {
			other := data
			change(&other)
			if got := identity(other); got.Identity == plain.Identity || got.Context == plain.Context {
				t.Fatalf("%s changes nothing: %s", name, describe(plain))
			}
		}
	}
}

func TestConfigurationTakesEffectAtOnce(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(9)
	for range 300 {
		data := d.tcp(0, 1+d.IntN(2000))
		exponent := uint32(d.IntN(32))
		level := max(exponent, uint32(bits.Len(uint(len(data.payload)))-1))
		found := k.see(everything().sampling(exponent, 31, 31), d.packet(4, data).frame())
		if want := expectedMarks(data.sequence, uint32(len(data.payload)), level); len(found.records) != len(want) {
			t.Fatal(fmt.Sprint("exponent ", exponent, ": ", len(found.records), " records, want ", len(want)))
		}
	}
}
