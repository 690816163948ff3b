package bpf

import (
	"encoding/hex"
	"math/bits"
	"slices"
	"testing"
)

// UDP: super-packets and fragments.

func TestSuperPacketHasTheIdentitiesOfItsDatagrams(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(14)
	for range 150 {
		size := 1 + d.IntN(400)
		payload := d.bytes(size + 1 + d.IntN(min(size*140, mostPayload-size)))
		count := (len(payload) + size - 1) / size
		p := d.packet(d.version(), udp{payload})
		h := everything()
		if d.IntN(2) == 0 {
			p.ends, h = d.ends(p.version()), underlay()
		}
		segments := uint32(count)
		if d.IntN(2) == 0 {
			segments = 0 // some drivers leave that to us
		}
		found := k.see(h, p.frame(), uint32(size), segments)
		want := min(count, 128)
		if len(found.records) != want || found.totals.WirePackets != uint64(count) || found.cpu.Packets != uint64(want) {
			t.Fatalf("%d bytes in datagrams of %d: %d records, counted %+v", len(payload), size, len(found.records), found.totals)
		}
		for i, record := range found.records {
			single := p
			single.id = uint32(uint16(p.id) + uint16(i))
			single.body = udp{payload[i*size : min((i+1)*size, len(payload))]}
			alone := k.only(h, single.frame())
			if record.Identity != alone.Identity || record.Level != alone.Level || record.Mark != uint32(i) || alone.Mark != 0 ||
				record.TimeNs != found.records[0].TimeNs || record.Payload != uint32(len(payload)) || record.WirePackets != uint16(count) {
				t.Fatalf("datagram %d of %d bytes each: %s, alone %s", i, size, describe(record), describe(alone))
			}
		}
	}
}

func TestSuperPacketIsSampledByDatagram(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(15)
	for range 100 {
		frame := d.packet(4, udp{d.bytes(1280)}).frame()
		var want []uint32
		for _, record := range k.see(everything(), frame, 20, 64).records {
			if record.Level >= 3 {
				want = append(want, record.Mark)
			}
		}
		var got []uint32
		for _, record := range k.see(everything().sampling(0, 3, 0), frame, 20, 64).records {
			got = append(got, record.Mark)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("datagrams %v, want %v", got, want)
		}
	}
}

func TestFragmentsAreChosenTogether(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(16)
	for range 250 {
		version := d.version()
		content := []body{udp{d.bytes(1600)}, d.tcp(0, 1600), icmp{8, 0, 7, d.bytes(1600)}, other{47, d.bytes(1600)}}[d.IntN(4)]
		whole := d.packet(version, content)
		if version == 6 && d.IntN(2) == 0 { // headers before the fragment's
			whole.extensions = []extension{{0, 16}, {43, 24}}
		}
		parts := whole.cut(8 * (5 + d.IntN(60)))
		together := -1
		for i, part := range parts {
			record := k.only(everything(), part.frame())
			if i > 0 {
				if together >= 0 && int(record.Level) != together {
					t.Fatalf("fragment %d has level %d, others %d", i, record.Level, together)
				}
				together = int(record.Level)
			}
			if record.Mark != uint32(part.fragment.offset/8) || record.Sequence != whole.id {
				t.Fatalf("fragment %d: %s", i, describe(record))
			}
		}
		first := k.only(everything(), parts[0].frame())
		want := together // or that of the whole datagram, where it is higher
		if first.Kind != uint8(hoplensIdentityKindIDENTITY_FRAGMENT) {
			want = max(want, bits.TrailingZeros32(uint32(first.Identity)))
		}
		if int(first.Level) != want {
			t.Fatalf("the first fragment has level %d, want %d, the others have %d", first.Level, want, together)
		}
		for exponent := range uint32(8) {
			for i, part := range parts {
				found := k.see(everything().sampling(0, exponent, 0), part.frame())
				if want := together >= int(exponent) || i == 0 && first.Level >= uint8(exponent); (len(found.records) == 1) != want {
					t.Fatalf("fragment %d at exponent %d: %d records, want %v", i, exponent, len(found.records), want)
				}
			}
		}
	}
}

func TestFragmentsOfADestinationOptionAreChosenTogether(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(17)
	for range 100 {
		// The option stands behind the fragment's header: all but the first part cannot know what comes after.
		content := append(extension{60, 8}.bytes(protocolUDP, 0, 0), udp{d.bytes(900)}.bytes(d.ends(6), 0)...)
		parts := d.packet(6, other{60, content}).cut(304)
		levels := map[uint8]bool{}
		for _, part := range parts[1:] {
			levels[k.only(everything(), part.frame()).Level] = true
		}
		first := k.only(everything(), parts[0].frame())
		for level := range levels {
			if len(levels) != 1 || first.Level < level || first.Kind != uint8(hoplensIdentityKindIDENTITY_UDP) {
				t.Fatalf("levels %v, first %s", levels, describe(first))
			}
		}
	}
}

func TestFirstFragmentHasTheDatagramsIdentity(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(18)
	for range 300 {
		version := d.version()
		echo := uint8(8)
		if version == 6 {
			echo = 128
		}
		for _, content := range []body{udp{d.bytes(200 + d.IntN(1000))}, icmp{echo, 0, 7, d.bytes(200 + d.IntN(1000))}} {
			whole := d.packet(version, content)
			want := k.only(everything(), whole.frame())
			parts := whole.cut(8 * (5 + d.IntN(15)))
			if version == 6 { // whoever fragments takes a number of his own
				parts[0].id = d.Uint32()
			}
			if got := k.only(everything(), parts[0].frame()); got.Identity != want.Identity || got.Kind != want.Kind {
				t.Fatalf("whole %s, first part %s", describe(want), describe(got))
			}
		}
	}
}

func TestLevelIsThatOfTheIdentity(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(19)
	for range 500 {
		record := k.only(everything(), d.packet(4, udp{d.bytes(20)}).frame())
		if int(record.Level) != min(bits.TrailingZeros32(uint32(record.Identity)), 31) {
			t.Fatal(describe(record))
		}
	}
}

// The agents' probe gives its datagrams an identity that is sampled at every exponent: the same bytes stand in
// agent/probe/identity.test.ts.
func TestDatagramWithAChosenIdentityIsAlwaysSampled(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(17)
	content, err := hex.DecodeString("000102030405060708090a0b0c0d0e0f10111213141516176e1187e38672acf4")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []int{4, 6} {
		p := d.packet(version, udp{append(content, d.bytes(16)...)})
		p.id = 0
		record := k.only(underlay().sampling(31, 31, 31), p.frame())
		if record.Identity != 0xcafebabe<<32 || record.Level != 31 {
			t.Fatalf("IPv%d: %s", version, describe(record))
		}
	}
}
