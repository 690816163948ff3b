package bpf

import (
	"encoding/binary"
	"fmt"
	"maps"
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

func kindsOf(records []hoplensRecord) map[uint8]hoplensRecord {
	kinds := map[uint8]hoplensRecord{}
	for _, record := range records {
		kinds[record.Kind] = record
	}
	return kinds
}

func TestControlSegmentsAndTheirData(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(5)
	const mark, syn, fin = uint8(hoplensIdentityKindIDENTITY_MARK), uint8(hoplensIdentityKindIDENTITY_SYN), uint8(hoplensIdentityKindIDENTITY_FIN)
	for range 300 {
		length := 1 + d.IntN(1400)
		closing := d.tcp(finFlag, length)
		found := k.see(everything(), d.packet(d.version(), closing).frame())
		kinds := kindsOf(found.records)
		if len(kinds) != 2 || kinds[fin].Identity == kinds[mark].Identity || found.cpu.Control != 1 {
			t.Fatalf("FIN with %d bytes: %+v", length, found.records)
		}
		// The FIN alone, as segmentation may leave it: the same, for it is named by its own sequence number.
		alone := closing
		alone.sequence, alone.payload = closing.sequence+uint32(length), nil
		if record := k.only(everything(), d.packet(4, alone).frame()); record.Identity != kinds[fin].Identity {
			t.Fatalf("FIN of %+v alone: %s", closing, describe(record))
		}
		// A fast open's data begins behind the SYN, which has a sequence number.
		opening := d.tcp(synFlag, length)
		kinds = kindsOf(k.see(everything(), d.packet(d.version(), opening).frame()).records)
		if len(kinds) != 2 || kinds[mark].Sequence != opening.sequence+1 || kinds[syn].Sequence != opening.sequence ||
			kinds[mark].Mark-kinds[mark].Sequence >= uint32(length) {
			t.Fatalf("SYN with %d bytes: %+v", length, kinds)
		}
	}
}

func TestControlHasAnExponentOfItsOwn(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(6)
	for _, flags := range []uint8{synFlag, finFlag, rstFlag, rstFlag | ackFlag, synFlag | ackFlag} {
		chosen := 0
		for range 400 {
			segment := d.tcp(flags, 0)
			segment.flags = flags
			frame := d.packet(d.version(), segment).frame()
			all := k.only(everything().sampling(31, 31, 0), frame)
			some := k.see(everything().sampling(31, 31, 3), frame)
			if (len(some.records) == 1) != (all.Level >= 3) || some.cpu.Control != 1 || some.cpu.Packets != 0 {
				t.Fatalf("level %d: %+v, counted %+v", all.Level, some.records, some.cpu)
			}
			chosen += len(some.records)
		}
		if chosen < 20 || chosen > 90 { // 50 of 400
			t.Errorf("flags %x: %d of 400 at exponent 3", flags, chosen)
		}
	}
}

// walkOptions is the reference: what a reader of RFC 9293 and 7323 does.
func walkOptions(options []byte) (value, echo uint32) {
	for at := 0; at+1 < len(options); {
		switch kind, length := options[at], int(options[at+1]); {
		case kind == 0:
			return 0, 0
		case kind == 1:
			at++
		case length < 2:
			return 0, 0
		case kind == 8 && length == 10 && at+10 <= len(options):
			return binary.BigEndian.Uint32(options[at+2:]), binary.BigEndian.Uint32(options[at+6:])
		default:
			at += length
		}
	}
	return 0, 0
}

// someOptions is a list in any order, now and then malformed.
func someOptions(d dice, size int) (options []byte) {
	for len(options) < size {
		switch d.IntN(7) {
		case 0, 1:
			options = append(options, 1)
		case 2:
			options = append(options, 2, 4, byte(d.Uint32()), byte(d.Uint32()))
		case 3:
			options = append(append(options, 8, 10), d.bytes(8)...)
		case 4:
			options = append(append(options, 5, 10), d.bytes(8)...)
		case 5:
			length := d.IntN(12)
			options = append(append(options, byte(3+d.IntN(5)), byte(length)), d.bytes(max(0, length-2))...)
		case 6:
			options = append(options, [][]byte{{0}, {8, 0}, {8, 1}, {8, 9}, {5, 0}, {254, 255}, {8, 10}, {8, 200}}[d.IntN(8)]...)
		}
	}
	return options[:size]
}

func TestTimestampsAmongAnyOptions(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(7)
	without, with := 0, 0
	for range 6000 {
		data := d.tcp(0, 1)
		data.options = someOptions(d, 4*d.IntN(11))
		record := k.only(everything(), d.packet(d.version(), data).frame())
		value, echo := walkOptions(data.options)
		reference := data
		reference.options = timestamps(value, echo)
		want := k.only(everything(), d.packet(4, reference).frame())
		if record.Identity != want.Identity || record.Context != want.Context {
			t.Fatalf("options %x: want %d and %d", data.options, value, echo)
		}
		if value == 0 {
			without++
		} else {
			with++
		}
	}
	if without < 500 || with < 500 {
		t.Errorf("%d with and %d without timestamps: the cases are lopsided", with, without)
	}
}

func TestAcknowledgementsDifferInAllThatTellsThemApart(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(8)
	for range 200 {
		ack := d.tcp(0, 0)
		block := slices.Concat(timestamps(1, 2), []byte{1, 1, 5, 10}, d.bytes(8))
		ack.options = block
		p := d.packet(4, ack)
		variants := map[string]packet{"itself": p}
		add := func(name string, change func(*tcp)) {
			other := ack
			change(&other)
			variant := p
			variant.body = other
			variants[name] = variant
		}
		add("sequence", func(t *tcp) { t.sequence++ })
		add("ack", func(t *tcp) { t.ack++ })
		add("window", func(t *tcp) { t.window++ })
		add("timestamps", func(t *tcp) { t.options = slices.Concat(timestamps(1, 3), block[12:]) })
		add("SACK", func(t *tcp) { t.options = slices.Concat(block[:23], []byte{^block[23]}) })
		add("no SACK", func(t *tcp) { t.options = block[:12] })
		add("reset", func(t *tcp) { t.flags |= rstFlag })
		numbered := p
		numbered.id ^= 1
		variants["IPv4 id"] = numbered
		identities := map[uint64]string{}
		for _, name := range slices.Sorted(maps.Keys(variants)) {
			record := k.only(everything(), variants[name].frame())
			if double := identities[record.Identity]; double != "" {
				t.Fatalf("%s and %s share an identity: %+v", double, name, ack)
			}
			identities[record.Identity] = name
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
