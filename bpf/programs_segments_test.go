package bpf

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"
)

// TCP segments that are more than data, or none: SYN, FIN, RST, acknowledgements and their options.

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
	const mark = uint8(hoplensIdentityKindIDENTITY_MARK)
	const syn = uint8(hoplensIdentityKindIDENTITY_SYN)
	const fin = uint8(hoplensIdentityKindIDENTITY_FIN)
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
