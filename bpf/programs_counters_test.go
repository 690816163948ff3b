package bpf

import (
	"net/netip"
	"os"
	"testing"
)

// What is counted of all packets, and of the records that were not written.

func TestEveryPacketIsCountedAtItsHop(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(40)
	var want [testSlots][2]hoplensHopTotals
	for range 2000 {
		h := everything()
		h.slot, h.direction = uint16(d.IntN(testSlots)), d.IntN(2)
		frame := d.packet(d.version(), udp{d.bytes(d.IntN(1000))}).frame()
		record := k.only(h, frame)
		if int(record.Direction) != h.direction {
			t.Fatalf("direction %d: %s", h.direction, describe(record))
		}
		sum := &want[h.slot][h.direction]
		sum.Packets, sum.WirePackets, sum.Records = sum.Packets+1, sum.WirePackets+1, sum.Records+1
		sum.Bytes += uint64(len(frame))
	}
	for slot := range want {
		for direction := range want[slot] {
			h := hop{slot: uint16(slot), direction: direction}
			if got := k.totalsOf(h); got != want[slot][direction] {
				t.Errorf("slot %d, direction %d: %+v, want %+v", slot, direction, got, want[slot][direction])
			}
		}
	}
}

func TestWirePackets(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(41)
	for range 500 {
		length := 1 + d.IntN(3000)
		size, segments := uint32(d.IntN(1500)), uint32(d.IntN(3)*d.IntN(60))
		want := uint32(1)
		switch {
		case segments > 0:
			want = segments
		case size > 0:
			want = (uint32(length) + size - 1) / size
		}
		plain := d.packet(d.version(), d.tcp(0, length))
		tunnelled := wrapped(d, 4, 8472, 1, plain.frame())
		for h, frame := range map[hop][]byte{everything(): plain.frame(), underlay(): tunnelled.frame()} {
			found := k.see(h, frame, size, segments)
			if found.totals.WirePackets != uint64(want) {
				t.Fatalf("gso_size %d, gso_segs %d, %d bytes: %d wire packets, want %d", size, segments, length,
					found.totals.WirePackets, want)
			}
			for _, record := range found.records {
				if record.WirePackets != uint16(want) {
					t.Fatalf("want %d: %s", want, describe(record))
				}
			}
		}
		unknown := append(ethernet(0x88cc), d.bytes(length)...)
		if got := k.see(everything(), unknown, size, segments).totals.WirePackets; got != uint64(max(segments, 1)) {
			t.Fatalf("gso_size %d, gso_segs %d of no IP: %d wire packets", size, segments, got)
		}
	}
}

func TestUnknownDeviceIsIgnored(t *testing.T) {
	k := newKernel(t, testRing)
	frame := dataPacket().frame()
	k.place(everything())
	for _, entry := range []hoplensDevice{{}, {Ifindex: loopback + deviceMask + 1, Flags: flagEthernet}} {
		must(t, k.objects.Devices.Put(uint32(loopback), entry))
		k.through(everything(), frame)
		if k.totalsOf(everything()) != (hoplensHopTotals{}) || k.state() != (hoplensCpuState{}) || len(k.drain()) > 0 {
			t.Errorf("counted at %+v", entry)
		}
	}
}

func TestOwnConnectionsAreCountedAndNotWritten(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(42)
	for range 100 {
		version := d.version()
		own := d.end(version)
		must(t, k.objects.OwnEndpoints.Put(hoplensEndpoint{Address: own.Addr().As16(), Port: own.Port()}, uint8(1)))
		h := everything()
		h.config.OwnPorts = 1 << (own.Port() & 63)
		other := d.end(version)
		sameBit := netip.AddrPortFrom(own.Addr(), own.Port()^64)
		for _, each := range []struct {
			ends ends
			want bool
		}{
			{ends{own, other}, true}, {ends{other, own}, true}, {ends{sameBit, other}, false}, {ends{other, sameBit}, false},
			{ends{other, netip.AddrPortFrom(d.address(version), own.Port())}, false},
		} {
			for _, content := range []body{d.tcp(0, 1), d.tcp(0, 0), d.tcp(synFlag, 0), udp{d.bytes(9)}} {
				p := d.packet(version, content)
				p.ends = each.ends
				found := k.see(h, p.frame())
				_, stream := content.(tcp)
				if want := each.want && stream; (found.totals.Own == 1) != want || (len(found.records) == 0) != want {
					t.Fatalf("%v, own is %v: %+v of %+v", each.ends, own, found.totals, content)
				}
			}
		}
		// Without the port's bit nobody looks; with it, in the tunnel too.
		p := d.packet(version, d.tcp(0, 1))
		p.ends = ends{own, other}
		k.only(everything(), p.frame())
		h = underlay()
		h.config.OwnPorts = 1 << (own.Port() & 63)
		if found := k.see(h, wrapped(d, 4, 8472, 1, p.frame()).frame()); found.totals.Own != 1 {
			t.Fatalf("in a tunnel: %+v", found.totals)
		}
		must(t, k.objects.OwnEndpoints.Delete(hoplensEndpoint{Address: own.Addr().As16(), Port: own.Port()}))
	}
}

func TestRecordsOfAWindowAreCapped(t *testing.T) {
	k := newKernel(t, testRing)
	const most, windowShift = 3, 24 // WINDOW_SHIFT
	h := everything()
	h.config.RecordsPerWindow = most
	k.place(h)
	frame := dataPacket().frame()
	windows := map[uint64]int{}
	for len(windows) < 4 {
		k.through(h, frame)
		for _, record := range k.drain() {
			windows[record.TimeNs>>windowShift]++
		}
	}
	written := 0
	for window, count := range windows {
		written += count
		if count > most*k.cpuCount {
			t.Errorf("%d records in window %d", count, window)
		}
	}
	totals := k.totalsOf(h)
	if totals.Records+totals.Capped != marksOfDataPacket*totals.Packets || totals.Capped == 0 || int(totals.Records) != written {
		t.Errorf("%+v, windows %v", totals, windows)
	}
	h.config.RecordsPerWindow = 0
	if found := k.see(h, frame); len(found.records) > 0 || found.totals.Capped == 0 {
		t.Errorf("none allowed: %+v", found.totals)
	}
}

func TestFullRingIsCounted(t *testing.T) {
	k := newKernel(t, os.Getpagesize())
	h := everything().sampling(10, 0, 0)
	const runs = 200
	frame := dataPacket().frame()
	k.place(h)
	for range runs {
		k.through(h, frame)
	}
	totals := k.totalsOf(h)
	records := k.drain()
	if want := os.Getpagesize() / (104 + 8); int(totals.Records) > want || len(records) != int(totals.Records) ||
		totals.Records+totals.RingFull != marksOfDataPacket*runs || totals.RingFull == 0 || totals.Packets != runs {
		t.Errorf("%+v and %d records", totals, len(records))
	}
	if found := k.see(h, frame); found.totals.RingFull != 0 || len(found.records) == 0 {
		t.Errorf("an emptied ring: %+v", found.totals)
	}
}
