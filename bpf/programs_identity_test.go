package bpf

import (
	"fmt"
	"slices"
	"testing"
)

type named struct {
	name string
	packet
}

// kinds makes one packet of every kind that is followed as a whole, or by its one byte.
func (d dice) kinds(version int) (kinds []named) {
	echo, reply, unreachable := uint8(8), uint8(0), uint8(3)
	if version == 6 {
		echo, reply, unreachable = 128, 129, 1
	}
	add := func(name string, content body) { kinds = append(kinds, named{name, d.packet(version, content)}) }
	add("mark", d.tcp(0, 1))
	add("syn", d.tcp(synFlag, 0))
	add("fin", d.tcp(finFlag, 0))
	add("rst", d.tcp(rstFlag, 0))
	add("ack", d.tcp(0, 0))
	add("udp", udp{d.bytes(d.IntN(100))})
	add("empty udp", udp{})
	add("echo", icmp{echo, 0, uint16(d.Uint32()), d.bytes(d.IntN(100))})
	add("reply", icmp{reply, 0, uint16(d.Uint32()), d.bytes(56)})
	add("sctp", sctp{d.Uint32(), d.bytes(60)})
	add("gre", other{47, d.bytes(80)})
	add("short other", other{50, d.bytes(d.IntN(8))})
	atLeast := 10*version - 12 // the IP header and eight bytes
	ping := icmp{echo, 0, uint16(d.Uint32()), d.bytes(56)}
	for _, content := range []body{d.tcp(0, 100), udp{d.bytes(100)}, ping, sctp{d.Uint32(), d.bytes(40)}} {
		about := d.packet(version, content)
		add(fmt.Sprintf("error about %T", content), icmpError{unreachable, uint8(d.IntN(4)), about, atLeast + d.IntN(100)})
	}
	for _, content := range []body{d.tcp(0, 900), udp{d.bytes(900)}, icmp{echo, 0, uint16(d.Uint32()), d.bytes(900)}} {
		for i, part := range d.packet(version, content).cut(304) {
			kinds = append(kinds, named{fmt.Sprintf("fragment %d of %T", i, content), part})
		}
	}
	return kinds
}

// behindNAT translates a packet; of a fragment, the first carries what is translated.
func behindNAT(d dice, p packet) packet {
	if p.fragment == nil {
		return d.translated(p)
	}
	after := d.translated(p)
	whole := after.body.bytes(after.ends, after.checksum)
	part := *p.fragment
	part.part = whole[part.offset : part.offset+len(part.part)]
	after.fragment = &part
	return after
}

func TestNATChangesNoIdentity(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(10)
	for range 120 {
		for _, before := range d.kinds(d.version()) {
			one := k.only(everything(), before.frame())
			after := behindNAT(d, before.packet)
			other := k.only(everything(), after.frame())
			if one.Identity != other.Identity || one.Context != other.Context || one.Kind != other.Kind ||
				one.Mark != other.Mark || one.Level != other.Level {
				t.Fatalf("%s: %s became %s\n%x\n%x", before.name, describe(one), describe(other), before.frame(), after.frame())
			}
			wantFlow(t, before.name, before.packet, one)
			wantFlow(t, before.name, after, other)
		}
	}
}

func wantFlow(t *testing.T, name string, p packet, record hoplensRecord) {
	t.Helper()
	want := record.Flow
	want.Source, want.Destination = addressBytes(p.ends)
	want.Protocol = p.body.protocol(p.version())
	want.SourcePort, want.DestinationPort = p.source.Port(), p.destination.Port()
	if want.Protocol == protocolICMP || want.Protocol == protocolICMPv6 || want.Protocol == 47 || want.Protocol == 50 ||
		p.fragment != nil && p.fragment.offset > 0 {
		want.SourcePort, want.DestinationPort = 0, 0
	}
	if record.Flow != want {
		t.Fatalf("%s: flow %+v, want %+v", name, record.Flow, want)
	}
	if record.Ttl != p.ttl || record.Bytes != uint32(len(p.frame())) || record.Ifindex != loopback || record.WirePackets != 1 ||
		record.Encapsulation != 0 || record.TimeNs == 0 || int(record.Headers)+int(record.Payload) != len(p.frame()) {
		t.Fatalf("%s: %s of %x", name, describe(record), p.frame())
	}
}

func TestSYNKeepsIdentityWhenTimestampsAreRewritten(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(11)
	for range 200 {
		open := d.tcp(synFlag, 0)
		p := d.packet(d.version(), open)
		before := k.only(everything(), p.frame())
		open.options = slices.Concat([]byte{2, 4, 5, 0xb4, 4, 2, 8, 10}, d.bytes(8), []byte{1, 3, 3, 7})
		p.body = open
		after := k.only(everything(), behindNAT(d, p).frame())
		if before.Identity != after.Identity || before.Kind != uint8(hoplensIdentityKindIDENTITY_SYN) {
			t.Fatalf("%s became %s", describe(before), describe(after))
		}
	}
}

// What must not share an identity: packets of one flow that follow each other, each with one thing changed.
func TestIdentitiesDiffer(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(12)
	for range 100 {
		payload, long := d.bytes(40), d.bytes(600)
		flipped := func(bytes []byte, at int) []byte {
			changed := slices.Clone(bytes)
			changed[at] ^= 1 << d.IntN(8)
			return changed
		}
		number := uint16(d.Uint32())
		about := d.packet(4, d.tcp(0, 50))
		aboutNext := about
		aboutNext.id ^= 1
		aboutLater := about
		later := about.body.(tcp)
		later.sequence++
		aboutLater.body = later
		datagram, longer := d.packet(4, udp{d.bytes(50)}), d.packet(4, udp{d.bytes(51)})
		longer.id = datagram.id
		open := d.tcp(synFlag, 0)
		openLater, openAcked, openECN := open, open, open
		openLater.sequence++
		openAcked.ack++
		openECN.flags ^= 0xc0
		families := []struct {
			name   string
			bodies []body
		}{
			{"syn", []body{open, openLater, openAcked, openECN}},
			{"udp", []body{udp{payload}, udp{payload[:39]}, udp{flipped(payload, d.IntN(32))}, udp{append(slices.Clone(payload), 0)}}},
			{"echo", []body{
				icmp{8, 0, number, payload}, icmp{0, 0, number, payload}, icmp{8, 0, number + 1, payload},
				icmp{8, 0, number, flipped(payload, d.IntN(32))},
			}},
			{"icmp error", []body{
				icmpError{3, 1, about, 40}, icmpError{3, 2, about, 40}, icmpError{11, 1, about, 40},
				icmpError{3, 1, aboutNext, 40}, icmpError{3, 1, aboutLater, 40},
				icmpError{3, 1, datagram, 40}, icmpError{3, 1, longer, 40},
			}},
			{"sctp", []body{sctp{7, long}, sctp{7, flipped(long, d.IntN(32))}, sctp{7, long[:599]}}},
			{"other", []body{other{47, long}, other{50, long}, other{47, long[:599]}, other{47, flipped(long, d.IntN(32))}}},
		}
		for _, family := range families {
			base := d.packet(4, family.bodies[0])
			variants := []packet{base}
			for _, content := range family.bodies[1:] {
				variant := base
				variant.body = content
				variants = append(variants, variant)
			}
			numbered := base
			numbered.id ^= 1 << d.IntN(16)
			variants = append(variants, numbered)
			wantDistinct(k, family.name, variants)
		}
		whole := d.packet(4, udp{long})
		next := whole
		next.id ^= 1
		wantDistinct(k, "fragments", append(whole.cut(200), next.cut(200)...))
	}
}

func wantDistinct(k *kernel, name string, variants []packet) {
	k.Helper()
	identities := map[uint64]int{}
	for i, variant := range variants {
		identity := k.only(everything(), variant.frame()).Identity
		if earlier, double := identities[identity]; double {
			k.Fatalf("%s: variants %d and %d share an identity:\n%x\n%x", name, earlier, i, variants[earlier].frame(),
				variant.frame())
		}
		identities[identity] = i
	}
}

func TestKindsAndChoiceOfWholePackets(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(13)
	wantKinds := map[string]hoplensIdentityKind{
		"mark": hoplensIdentityKindIDENTITY_MARK, "ack": hoplensIdentityKindIDENTITY_ACK, "rst": hoplensIdentityKindIDENTITY_RST,
		"udp": hoplensIdentityKindIDENTITY_UDP, "reply": hoplensIdentityKindIDENTITY_ICMP, "gre": hoplensIdentityKindIDENTITY_OTHER,
		"error about bpf.udp": hoplensIdentityKindIDENTITY_ICMP_ERROR, "fragment 0 of bpf.udp": hoplensIdentityKindIDENTITY_UDP,
		"fragment 1 of bpf.udp": hoplensIdentityKindIDENTITY_FRAGMENT, "fragment 0 of bpf.tcp": hoplensIdentityKindIDENTITY_FRAGMENT,
		"fragment 0 of bpf.icmp": hoplensIdentityKindIDENTITY_ICMP,
	}
	chosen, all := 0, 0
	for range 40 {
		for _, each := range d.kinds(d.version()) {
			name, frame := each.name, each.frame()
			record := k.only(everything().sampling(0, 0, 0), frame)
			if want, known := wantKinds[name]; known && record.Kind != uint8(want) {
				t.Fatalf("%s is of kind %d, want %d", name, record.Kind, want)
			}
			if control := record.TcpFlags & (synFlag | finFlag | rstFlag); control != 0 || name == "mark" {
				continue
			}
			found := k.see(everything().sampling(0, 4, 0), frame)
			if (len(found.records) == 1) != (record.Level >= 4) || found.cpu.Packets != 1 {
				t.Fatalf("%s of level %d at exponent 4: %+v, counted %d", name, record.Level, found.records, found.cpu.Packets)
			}
			chosen, all = chosen+len(found.records), all+1
		}
	}
	if chosen < all/32 || chosen > all/8 { // a sixteenth
		t.Errorf("%d of %d at exponent 4", chosen, all)
	}
}
