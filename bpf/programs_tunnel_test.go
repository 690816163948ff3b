package bpf

import (
	"net/netip"
	"testing"
)

// wrapped is a frame in VXLAN between two nodes.
func wrapped(d dice, version int, port uint16, vni uint32, frame []byte) packet {
	outer := d.packet(version, vxlan{vni, 8, frame})
	outer.destination = netip.AddrPortFrom(outer.destination.Addr(), port)
	return outer
}

// inside is what a record says of the inner packet, wherever that was seen.
func inside(record hoplensRecord) hoplensRecord {
	record.TimeNs, record.Bytes, record.Headers, record.Encapsulation, record.Vni, record.Tunnel = 0, 0, 0, 0, 0, 0
	record.Vlan = 0
	return record
}

func TestInnerPacketIsFollowedThroughVXLAN(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(20)
	h := underlay()
	h.config.VxlanPorts = [8]uint16{8472, 4789, 6784, 0, 0, 1, 65535, 31234}
	ports := []uint16{8472, 4789, 6784, 1, 65535, 31234}
	overhead := map[int]uint16{4: 50, 6: 70}
	for number := range 60 {
		version := d.version()
		for _, each := range d.kinds(d.version()) {
			frame := each.frame()
			plain := k.only(everything(), frame)
			vni := d.Uint32() >> 8
			outer := wrapped(d, version, ports[number%len(ports)], vni, frame)
			extra := 0
			if number%4 == 0 { // options and tags outside count as what the tunnel adds
				outer.tags, extra = []uint16{77}, 4
			}
			got := k.only(h, outer.frame())
			if inside(got) != inside(plain) || got.Encapsulation != overhead[version]+uint16(extra) || got.Vni != vni ||
				got.Tunnel != uint8(hoplensTunnelTUNNEL_VXLAN) || got.Bytes != plain.Bytes+uint32(got.Encapsulation) ||
				got.Headers != plain.Headers+got.Encapsulation || got.Vlan != uint16(77*min(extra, 1)) {
				t.Fatalf("%s: plain %s\nin VXLAN %s", each.name, describe(plain), describe(got))
			}
		}
	}
}

func TestOnlyKnownTunnelsOfUnderlaysAreEntered(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(21)
	inner := d.packet(4, d.tcp(0, 1)).frame()
	for port := range uint16(300) {
		for _, known := range []bool{true, false} {
			h := underlay()
			h.config.VxlanPorts = [8]uint16{0, 0, 9000 + 7*port}
			frame := wrapped(d, d.version(), 9000+7*port, 5, inner)
			if !known {
				frame.destination = netip.AddrPortFrom(frame.destination.Addr(), 9000+7*port+uint16(1+d.IntN(6)))
			}
			if record := k.only(h, frame.frame()); (record.Tunnel != 0) != known || (record.Kind == 0) != known {
				t.Fatalf("port %d, configured %v: %s", frame.destination.Port(), known, describe(record))
			}
			h.flags = flagEthernet
			if record := k.only(h, frame.frame()); record.Tunnel != 0 || record.Kind != uint8(hoplensIdentityKindIDENTITY_UDP) {
				t.Fatalf("no underlay: %s", describe(record))
			}
		}
	}
	// Port 0 in the table means no port, not port 0.
	none := wrapped(d, 4, 0, 5, inner)
	if record := k.only(underlay(), none.frame()); record.Tunnel != 0 {
		t.Errorf("port 0 was taken for a tunnel: %s", describe(record))
	}
	// The source port says nothing.
	reply := wrapped(d, 4, 1234, 5, inner)
	reply.source = netip.AddrPortFrom(reply.source.Addr(), 8472)
	if record := k.only(underlay(), reply.frame()); record.Tunnel != 0 {
		t.Errorf("a source port was taken for a tunnel: %s", describe(record))
	}
	// A fragment has no tunnel's header, or only part of what is in it.
	for _, part := range wrapped(d, 4, 8472, 5, d.packet(4, udp{d.bytes(600)}).frame()).cut(208) {
		if record := k.only(underlay(), part.frame()); record.Tunnel != 0 {
			t.Errorf("a fragment was entered: %s", describe(record))
		}
	}
}

func TestTunnelsThatContradictThemselves(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(22)
	inner := d.packet(4, d.tcp(0, 1)).frame()
	withoutVNI := wrapped(d, 4, 8472, 5, inner)
	withoutVNI.body = vxlan{5, 0, inner}
	k.wantUnparsed(underlay(), withoutVNI.frame(), hoplensUnparsedUNPARSED_TUNNEL)
	short := wrapped(d, 6, 8472, 5, nil)
	short.body = udp{[]byte{8, 0, 0, 0, 0, 0, 5}}
	k.wantUnparsed(underlay(), short.frame(), hoplensUnparsedUNPARSED_TUNNEL)
	arp := append(ethernet(0x0806), d.bytes(28)...)
	k.wantUnparsed(underlay(), wrapped(d, 4, 8472, 5, arp).frame(), hoplensUnparsedUNPARSED_NOT_IP)
	k.wantUnparsed(underlay(), wrapped(d, 4, 8472, 5, nil).frame(), hoplensUnparsedUNPARSED_TRUNCATED)
	// Not two tunnels deep: the second is a datagram like any other.
	twice := wrapped(d, 4, 8472, 6, wrapped(d, 4, 8472, 5, inner).frame())
	if record := k.only(underlay(), twice.frame()); record.Vni != 6 || record.Kind != uint8(hoplensIdentityKindIDENTITY_UDP) {
		t.Errorf("a tunnel in a tunnel: %s", describe(record))
	}
}
