package bpf

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"

	netbpf "golang.org/x/net/bpf"

	"hoplens/bpf/pcap"
)

// filter puts an expression into force, and gives the program that libpcap made of it.
func (k *kernel) filter(expression string) []netbpf.RawInstruction {
	k.Helper()
	if k.session == nil {
		k.session = &Session{objects: k.objects, options: Options{RingBytes: testRing, MaxDevices: testSlots}, cpus: k.cpuCount}
		must(k, k.objects.Config.Put(uint32(hoplensChooserCHOSEN_BY_FILTER), hoplensConfig{RecordsPerWindow: 1 << 30}))
	}
	result, err := k.session.Filter(expression)
	must(k, err)
	if result.Problem != nil {
		k.Fatalf("%q: %+v", expression, result.Problem)
	}
	program, err := pcap.Compile(expression)
	must(k, err)
	return program
}

// filtering asks the filter, and else follows one packet in 2^31.
func (h hop) filtering() hop {
	h = h.sampling(31, 31, 31)
	h.config.Filtering = 1
	return h
}

func host(address netip.AddrPort) string { return "host " + address.Addr().String() }

// wantFiltered demands that the packet is followed for the filter's sake, or not at all.
func (k *kernel) wantFiltered(h hop, frame []byte, wanted bool) {
	k.Helper()
	found := k.see(h, frame)
	if got := found.totals.Filtered == 1; got != wanted || len(found.records) > 0 != wanted {
		k.Fatalf("filtered: %v with %d records, want %v: %x", got, len(found.records), wanted, frame)
	}
	for _, record := range found.records {
		if record.Filter != 1 || record.Exponent != 31 || found.cpu.Packets+found.cpu.Control > 0 {
			k.Fatalf("not marked as the filter's: %s", describe(record))
		}
	}
}

func TestFilterFollowsWhatItMatchesAndNothingElse(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(60)
	ours := map[int]ends{4: d.ends(4), 6: d.ends(6)}
	k.filter(fmt.Sprintf("%s or %s", host(ours[4].source), host(ours[6].source)))
	for range 10 {
		for _, each := range append(d.kinds(4), d.kinds(6)...) {
			p := each.packet
			k.wantFiltered(everything().filtering(), p.frame(), false)
			p.ends = ours[each.version()]
			k.wantFiltered(everything().filtering(), p.frame(), true)
			p.ends = p.reversed()
			k.wantFiltered(everything().filtering(), p.frame(), true)
		}
	}
}

func TestFilterMatchesInsideAndOutsideOfATunnel(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(61)
	pods, nodes, others := d.ends(4), d.ends(4), d.ends(4)
	for _, each := range []struct {
		expression             string
		ofPods, ofNodes, other bool
	}{
		{host(pods.destination), true, false, false},
		{host(nodes.source), false, true, false},
		{fmt.Sprintf("udp port %d or dst port 8472", pods.source.Port()), true, true, true},
		{fmt.Sprintf("%s and %s", host(pods.source), host(nodes.source)), false, false, false}, // of one packet, not of both together
		{fmt.Sprintf("%s or ip6", host(pods.source)), true, false, false},
	} {
		k.filter(each.expression)
		for number := range 6 {
			wrap := func(inner, outer ends) []byte {
				p := d.packet(4, udp{d.bytes(40)})
				p.ends, p.tags = inner, [][]uint16{nil, {77}, {77, 78}}[number%3]
				carrier := wrapped(d, 4, 8472, 5, p.frame())
				carrier.tags = [][]uint16{nil, {12}}[number%2]
				carrier.source, carrier.destination = outer.source, netip.AddrPortFrom(outer.destination.Addr(), 8472)
				return carrier.frame()
			}
			k.wantFiltered(underlay().filtering(), wrap(pods, others), each.ofPods)
			k.wantFiltered(underlay().filtering(), wrap(others, nodes), each.ofNodes)
			k.wantFiltered(underlay().filtering(), wrap(others, others), each.other)
		}
	}
}

// A packet with options has its ports elsewhere, and one with a tag all of it.
func TestFilterFindsPortsBehindOptionsAndTags(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(62)
	k.filter("udp src port 1053")
	for number := range 44 {
		p := d.packet(4, udp{d.bytes(number)})
		p.options = d.bytes(4 * (number % 11))
		p.tags = [][]uint16{nil, {1}, {1, 2}}[number%3]
		k.wantFiltered(everything().filtering(), p.frame(), p.source.Port() == 1053)
		p.source = netip.AddrPortFrom(p.source.Addr(), 1053)
		k.wantFiltered(everything().filtering(), p.frame(), true)
	}
}

func TestWithoutAFilterNothingIsAsked(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(63)
	p := d.packet(4, udp{d.bytes(9)})
	k.filter("ip")
	k.wantFiltered(everything().filtering(), p.frame(), true)
	quiet := everything().sampling(31, 31, 31)
	k.wantFiltered(quiet, p.frame(), false) // attached, and not in force
	must(t, second(k.session.Filter("")))
	k.wantFiltered(everything().filtering(), p.frame(), false)
	if record := k.only(everything(), p.frame()); record.Filter != 0 {
		t.Errorf("the sample's record is marked: %s", describe(record))
	}
}

func second[T any](_ T, err error) error { return err }

func TestFilterHasExponentsOfItsOwn(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(64)
	k.filter("udp")
	own := hoplensConfig{PacketExponent: 3, MarkExponent: 3, ControlExponent: 3, RecordsPerWindow: 1 << 30}
	must(t, k.objects.Config.Put(uint32(hoplensChooserCHOSEN_BY_FILTER), own))
	h := everything().filtering().sampling(6, 6, 6)
	const packets = 4000
	followed := 0
	for range packets {
		frame := d.packet(d.version(), udp{d.bytes(9)}).frame()
		plain := k.only(everything(), frame)
		found := k.see(h, frame)
		if wanted := plain.Level >= 3; wanted != (len(found.records) == 1) {
			t.Fatalf("level %d: %d records", plain.Level, len(found.records))
		}
		followed += len(found.records)
		for _, record := range found.records {
			if record.Exponent != 6 || record.Filter != 4 || record.Identity != plain.Identity {
				t.Fatal(describe(record))
			}
		}
	}
	if followed < packets/16 || followed > packets/4 {
		t.Errorf("%d of %d packets, should be an eighth", followed, packets)
	}
}

func TestFilterSaysWhatIsWrong(t *testing.T) {
	k := newKernel(t, testRing)
	k.filter("tcp")
	result, err := k.session.Filter("tcp port 80 and and udp")
	must(t, err)
	if result.Problem == nil || result.Problem.At != 16 {
		t.Errorf("%+v", result.Problem)
	}
	frame := newDice(65).packet(4, newDice(65).tcp(0, 0)).frame()
	k.wantFiltered(everything().filtering(), frame, true) // the one before is still there
}

// ipOf finds the IP packet in a frame that the programs understood; -1 where it has no IP.
func ipOf(frame []byte, ethernet bool) (at, length int) {
	if ethernet {
		at = 14
		for protocol := binary.BigEndian.Uint16(frame[12:]); protocol == 0x8100 || protocol == 0x88a8; at += 4 {
			protocol = binary.BigEndian.Uint16(frame[at+2:])
		}
	}
	if frame[at]>>4 == 6 {
		length = 40 + int(binary.BigEndian.Uint16(frame[at+4:]))
		if length == 40 {
			length = len(frame) - at
		}
		return at, length
	}
	if length = int(binary.BigEndian.Uint16(frame[at+2:])); length == 0 {
		length = len(frame) - at
	}
	return at, length
}

// The kernel and libpcap agree about packets of every kind, whole, cut and broken.
func TestFilterAgreesWithLibpcap(t *testing.T) {
	m := newMutator(t)
	expressions := []string{
		"tcp", "udp port 53 or portrange 1-30000", "ip6 and not icmp6", "src net 0.0.0.0/1 or dst net 8000::/1",
		"tcp[tcpflags] & (tcp-syn|tcp-ack) != 0", "ip[8] > 64 and udp[8] < 128", "len > 100", "icmp[icmptype] < 8 or ip6[6] = 17",
		"ip[ip[1] & 63] > 100", "not (tcp src port 32768 or less 80)", "udp[udp[4] & 0x7f:2] & 1 = 1", "ip[2:2] / ip[1] > 9",
	}
	const rounds = 250
	agreed := [2]int{}
	for _, expression := range expressions {
		program := m.filter(expression)
		for number := range rounds {
			in := m.next(number)
			in.hop = in.hop.filtering()
			if in.flags&flagEthernet == 0 || in.flags&flagUnderlay != 0 { // one packet in each frame, so that there is one answer
				in.flags = flagEthernet
			}
			found := m.see(in.hop, in.frame)
			if found.unparsed(t) >= 0 && found.totals.Filtered == 0 {
				continue // not understood so far that a filter is asked
			}
			at, length := ipOf(in.frame, true)
			here := in.frame[at:min(len(in.frame), at+length, at+int(filterBytes))]
			wanted := pcap.Match(program, here, length)
			if got := found.totals.Filtered == 1; got != wanted {
				t.Fatalf("%q: %v, libpcap says %v: %x", expression, got, wanted, here)
			}
			if wanted {
				agreed[1]++
			} else {
				agreed[0]++
			}
		}
	}
	t.Logf("agreed on %d matches and %d others", agreed[1], agreed[0])
	if min(agreed[0], agreed[1]) < rounds {
		t.Error("the cases are lopsided")
	}
}
