package bpf

import (
	"encoding/binary"
	"slices"
	"testing"
)

func TestVLANTags(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(30)
	for range 200 {
		p := d.packet(d.version(), udp{d.bytes(30)})
		plain := k.only(everything(), p.frame())
		for tags := 1; tags <= 3; tags++ {
			p.tags = append(p.tags, uint16(1+d.IntN(4094))|uint16(d.IntN(8))<<13)
			if tags == 3 {
				k.wantUnparsed(everything(), p.frame(), hoplensUnparsedUNPARSED_LINK)
				continue
			}
			record := k.only(everything(), p.frame())
			if record.Identity != plain.Identity || record.Vlan != p.tags[0]&0xfff || record.Headers != plain.Headers+uint16(4*tags) ||
				record.Bytes != plain.Bytes+uint32(4*tags) {
				t.Fatalf("tags %v: %s", p.tags, describe(record))
			}
		}
	}
}

func TestIPv4Options(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(31)
	for size := 0; size <= 40; size += 4 {
		p := d.packet(4, d.tcp(0, 1))
		plain := k.only(everything(), p.frame())
		p.options = d.bytes(size)
		if record := k.only(everything(), p.frame()); record.Identity != plain.Identity || record.Flow != plain.Flow ||
			int(record.Headers) != int(plain.Headers)+size || record.Payload != 1 {
			t.Fatalf("%d bytes of options: %s, without %s", size, describe(record), describe(plain))
		}
	}
}

func TestIPv6ExtensionHeaders(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(32)
	kinds := []extension{{0, 8}, {43, 24}, {60, 16}, {51, 24}, {51, 12}, {51, 44}, {44, 8}, {60, 264}}
	for range 600 {
		p := d.packet(6, udp{d.bytes(50)})
		plain := k.only(everything(), p.frame())
		size, count := 0, d.IntN(9)
		for range count {
			each := kinds[d.IntN(len(kinds))]
			p.extensions, size = append(p.extensions, each), size+each.size
		}
		if count > 6 {
			k.wantUnparsed(everything(), p.frame(), hoplensUnparsedUNPARSED_EXTENSIONS)
			continue
		}
		record := k.only(everything(), p.frame())
		if record.Identity != plain.Identity || record.Flow != plain.Flow || int(record.Headers) != int(plain.Headers)+size {
			t.Fatalf("%v: %s, without %s", p.extensions, describe(record), describe(plain))
		}
	}
	// The sixth is a later fragment's: what it says comes next stands in the first fragment only.
	p := d.packet(6, other{60, d.bytes(100)}).cut(48)[1]
	p.extensions = []extension{{0, 8}, {60, 8}, {60, 8}, {60, 8}, {43, 8}}
	if record := k.only(everything(), p.frame()); record.Kind != uint8(hoplensIdentityKindIDENTITY_FRAGMENT) {
		t.Error(describe(record))
	}
}

// BIG TCP: the length does not fit the header, which then says 0.
func TestLengthsThatDoNotFitTheHeader(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(33)
	for range 200 {
		data := d.tcp(0, 1+d.IntN(2000))
		four, six := d.packet(4, data), d.packet(6, data)
		want := k.see(everything(), four.frame()).records
		zeroed := four.frame()
		binary.BigEndian.PutUint16(zeroed[16:], 0)
		jumbo := six
		jumbo.extensions = []extension{{0, 8}}
		plainSix, jumboSix := six.frame(), jumbo.frame()
		binary.BigEndian.PutUint16(plainSix[18:], 0)
		binary.BigEndian.PutUint16(jumboSix[18:], 0)
		for _, frame := range [][]byte{zeroed, plainSix, jumboSix} {
			got := k.see(everything(), frame).records
			if len(got) != len(want) {
				t.Fatalf("%d bytes: %d marks, want %d", len(data.payload), len(got), len(want))
			}
			for i := range got {
				if got[i].Identity != want[i].Identity || got[i].Payload != uint32(len(data.payload)) {
					t.Fatalf("%s, want %s", describe(got[i]), describe(want[i]))
				}
			}
		}
	}
}

func TestWhatIsNotFollowed(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(34)
	edit := func(version int, content body, at int, value byte) []byte {
		frame := d.packet(version, content).frame()
		frame[at] = value
		return frame
	}
	data := d.tcp(0, 5)
	for kind, frames := range map[hoplensUnparsed][][]byte{
		hoplensUnparsedUNPARSED_NOT_IP: {
			append(ethernet(0x0806), d.bytes(28)...), append(ethernet(0x88cc), 1), append(ethernet(0x8864), d.bytes(60)...),
		},
		hoplensUnparsedUNPARSED_IP: {
			edit(4, data, 14, 0x65), edit(4, data, 14, 0x44), edit(6, data, 14, 0x40),
			slices.Concat(ethernet(0x0800), []byte{0x45, 0, 0, 19}, d.bytes(40)),
			slices.Concat(ethernet(0x0800), []byte{0x4f, 0, 0, 59}, d.bytes(60)),
		},
		hoplensUnparsedUNPARSED_TRUNCATED: {edit(4, data, 16, 0x10), edit(6, data, 18, 0x10)},
		hoplensUnparsedUNPARSED_TRANSPORT: {
			edit(4, data, 14+20+12, 0x40), edit(6, data, 14+40+12, 0), edit(4, data, 14+20+12, 0xf0), edit(4, data, 17, 20+7),
			edit(4, udp{}, 17, 20+7), edit(6, udp{}, 19, 7), edit(4, icmp{}, 17, 20+7),
		},
	} {
		for _, frame := range frames {
			k.wantUnparsed(everything(), frame, kind)
		}
	}
	for kind := range 256 {
		frame := d.packet(6, icmp{uint8(kind), 0, 1, d.bytes(20)}).frame()
		if kind >= 130 && kind <= 137 || kind == 143 {
			k.wantUnparsed(everything(), frame, hoplensUnparsedUNPARSED_NEIGHBOUR)
			continue
		}
		want := hoplensIdentityKindIDENTITY_ICMP
		if kind >= 1 && kind <= 4 {
			want = hoplensIdentityKindIDENTITY_ICMP_ERROR
		}
		if record := k.only(everything(), frame); record.Kind != uint8(want) {
			t.Errorf("ICMPv6 type %d: %s", kind, describe(record))
		}
	}
}

// shortest is what a test run takes: the link header and a byte, or the IP header that it promises. What is shorter is
// tested inside a tunnel.
func shortest(frame []byte) int {
	switch binary.BigEndian.Uint16(frame[12:]) {
	case 0x0800:
		return 14 + 20
	case 0x86dd:
		return 14 + 40
	default:
		return 15
	}
}

func TestTruncatedAtEveryLength(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(35)
	for range 4 {
		version := d.version()
		tagged := d.packet(version, d.tcp(0, 40))
		tagged.tags = []uint16{5, 6}
		for _, p := range append(d.kinds(version), named{"tagged", tagged}) {
			plain := p.frame()
			tunnelled := wrapped(d, d.version(), 8472, 3, plain)
			for end := shortest(plain); end < len(plain); end += 1 + d.IntN(3) {
				wantNothing(t, k, everything(), plain[:end], p.name)
			}
			// The outer packet is whole, the inner one cut.
			for end := 0; end < len(plain); end += 1 + d.IntN(7) {
				tunnelled.body = vxlan{3, 8, plain[:end]}
				wantNothing(t, k, underlay(), tunnelled.frame(), p.name)
			}
		}
	}
}

func wantNothing(t *testing.T, k *kernel, h hop, frame []byte, name string) {
	t.Helper()
	found := k.see(h, frame)
	if found.unparsed(t) != int(hoplensUnparsedUNPARSED_TRUNCATED) || len(found.records) > 0 || found.totals.WirePackets != 1 {
		t.Fatalf("%s cut to %d bytes: %+v, %+v\n%x", name, len(frame), found.totals, found.records, frame)
	}
}

// Packets that are right but for a few bytes, and bytes that are no packets: each is followed or counted in one place.
func TestGarbageIsCountedOnce(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(36)
	parsed, unparsed := 0, 0
	var sources []packet
	for number := range 30000 {
		if number%200 == 0 {
			sources = nil
			for _, each := range d.kinds(d.version()) {
				sources = append(sources, each.packet, wrapped(d, d.version(), 8472, 1, each.frame()))
			}
		}
		frame := garbage(d, number, sources)
		h := everything()
		if number%2 == 0 {
			h = underlay()
		}
		h.direction = number / 2 % 2
		found := k.see(h, frame)
		if kind := found.unparsed(t); kind >= 0 {
			unparsed++
			if len(found.records) > 0 {
				t.Fatalf("counted as unparsed %d and written: %+v\n%x", kind, found.records, frame)
			}
		} else {
			parsed++
			if len(found.records) == 0 || int(found.records[0].Direction) != h.direction {
				t.Fatalf("neither counted nor written, %+v: %x", found.totals, frame)
			}
		}
	}
	if parsed < 3000 || unparsed < 3000 {
		t.Errorf("%d parsed and %d not: the cases are lopsided", parsed, unparsed)
	}
}

func garbage(d dice, number int, sources []packet) []byte {
	if number%10 == 0 {
		protocols := []uint16{0x0800, 0x86dd, 0x8100, uint16(d.Uint32())}
		frame := append(ethernet(protocols[d.IntN(4)]), d.bytes(1+d.IntN(150))...)
		return append(frame, d.bytes(max(0, shortest(frame)-len(frame)))...)
	}
	frame := slices.Clone(sources[d.IntN(len(sources))].frame())
	for range d.IntN(6) {
		frame[d.IntN(min(len(frame), 120))] = byte(d.Uint32())
	}
	if d.IntN(4) == 0 {
		frame = frame[:15+d.IntN(len(frame)-15)]
	}
	return append(frame, make([]byte, max(0, shortest(frame)-len(frame)))...)
}
