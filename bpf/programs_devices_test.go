package bpf

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// What a test run cannot make: accelerated VLAN tags, devices without Ethernet header, packets of 64 KiB whose bytes are
// not in the linear part. Here real devices do.

// attachedKernel is a session whose programs sit at a real device, and that takes test runs beside.
func attachedKernel(t *testing.T, h hop, ifindex func() int) (*kernel, hop) {
	t.Helper()
	inNamespace(t)
	index := ifindex()
	session := openSession(t, "auto", testSlots)
	attached, err := session.Attach(index, Flags{Ethernet: h.flags&flagEthernet != 0, Underlay: h.flags&flagUnderlay != 0})
	must(t, err)
	must(t, session.objects.Config.Put(uint32(0), h.config))
	k := &kernel{TB: t, objects: session.objects, cpuCount: session.cpus}
	k.open()
	h.slot = uint16(attached.Slot)
	return k, h
}

// recordsTo waits for records of packets to an address: the kernel speaks on every device, too.
func (k *kernel) recordsTo(t *testing.T, destination netip.Addr, enough func([]hoplensRecord) bool) (found []hoplensRecord) {
	t.Helper()
	waitFor(t, func() bool {
		for _, record := range k.drain() {
			if record.Flow.Destination == destination.As16() {
				found = append(found, record)
			}
		}
		return enough(found)
	})
	return found
}

func atLeast(count int) func([]hoplensRecord) bool {
	return func(records []hoplensRecord) bool { return len(records) >= count }
}

// runBeside gives the identities that the same packets have in test runs, at a slot that no device has.
func (k *kernel) runBeside(frames ...[]byte) (identities map[uint32]uint64) {
	k.Helper()
	identities = map[uint32]uint64{}
	h := everything()
	h.slot = testSlots - 1
	for i, frame := range frames {
		for _, record := range k.see(h, frame).records {
			at := record.Mark
			if record.Kind == uint8(hoplensIdentityKindIDENTITY_UDP) {
				at = uint32(i)
			}
			identities[at] = record.Identity
		}
	}
	return identities
}

func TestAcceleratedVLANTag(t *testing.T) {
	var near int
	k, _ := attachedKernel(t, everything(), func() (far int) {
		near, far = makeVeth(t, "near", "far")
		return far
	})
	d := newDice(50)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(fd)
	for _, tags := range [][]uint16{{77}, {5<<13 | 4094, 78}, {7<<13 | 3, 79, 80}} {
		p := d.packet(d.version(), udp{d.bytes(30)})
		identity := k.runBeside(p.frame())[0]
		p.tags = tags
		must(t, unix.Sendto(fd, p.frame(), 0, &unix.SockaddrLinklayer{Ifindex: near}))
		record := k.recordsTo(t, p.destination.Addr(), atLeast(1))[0]
		// The kernel takes the outermost tag out of the frame before anybody sees it.
		if record.Vlan != tags[0]&0xfff || record.Identity != identity || int(record.Bytes) != len(p.frame())-4 ||
			int(record.Headers)+int(record.Payload) != len(p.frame())-4 {
			t.Errorf("tags %v: %s", tags, describe(record))
		}
	}
}

// openTun makes a TUN or TAP device, which lasts as long as the test.
func openTun(t *testing.T, name string, flags uint16) (fd, ifindex int) {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	request, err := unix.NewIfreq(name)
	must(t, err)
	request.SetUint16(flags)
	must(t, unix.IoctlIfreq(fd, unix.TUNSETIFF, request))
	return fd, up(t, name)
}

func TestDeviceWithoutEthernetHeader(t *testing.T) {
	var fd int
	h := everything()
	h.flags = 0
	k, h := attachedKernel(t, h, func() (ifindex int) {
		fd, ifindex = openTun(t, "tun", unix.IFF_TUN)
		return ifindex
	})
	d := newDice(51)
	write := func(protocol uint16, packet []byte) {
		_, err := unix.Write(fd, slices.Concat([]byte{0, 0}, be16(protocol), packet))
		must(t, err)
	}
	protocols := map[int]uint16{4: 0x0800, 6: 0x86dd}
	for range 50 {
		p := d.packet(d.version(), udp{d.bytes(30)})
		identity := k.runBeside(p.frame())[0]
		write(protocols[p.version()], p.ip())
		record := k.recordsTo(t, p.destination.Addr(), atLeast(1))[0]
		if record.Identity != identity || int(record.Bytes) != len(p.ip()) || int(record.Headers) != len(p.ip())-30 {
			t.Fatalf("%s of %+v", describe(record), p)
		}
	}
	for end := 1; end < 20; end++ { // shorter than a test run takes
		before := k.totalsOf(h).Unparsed[hoplensUnparsedUNPARSED_TRUNCATED]
		write(0x0800, d.packet(4, udp{}).ip()[:end])
		waitFor(t, func() bool { return k.totalsOf(h).Unparsed[hoplensUnparsedUNPARSED_TRUNCATED] == before+1 })
	}
	write(0x88b5, d.bytes(40))
	waitFor(t, func() bool { return k.totalsOf(h).Unparsed[hoplensUnparsedUNPARSED_LINK] == 1 })
}

func TestTunnelOnAnUnderlayWithoutEthernetHeader(t *testing.T) {
	var fd int
	h := underlay()
	h.flags = flagUnderlay
	k, _ := attachedKernel(t, h, func() (ifindex int) {
		fd, ifindex = openTun(t, "tun", unix.IFF_TUN|unix.IFF_NO_PI)
		return ifindex
	})
	d := newDice(52)
	inner := d.packet(6, udp{d.bytes(30)})
	identity := k.runBeside(inner.frame())[0]
	must(t, k.objects.Config.Put(uint32(0), h.config))
	_, err := unix.Write(fd, wrapped(d, 4, 8472, 9, inner.frame()).ip())
	must(t, err)
	record := k.recordsTo(t, inner.destination.Addr(), atLeast(1))[0]
	if record.Identity != identity || record.Encapsulation != 36 || record.Vni != 9 {
		t.Error(describe(record))
	}
}

// struct virtio_net_hdr before a frame: what a virtual machine's driver says of it.
func virtioFrame(gsoType uint8, gsoSize, start, checksum int, frame []byte) []byte {
	header := []byte{1, gsoType, 0, 0} // the checksum is to be made; hdr_len 0
	for _, value := range []int{gsoSize, start, checksum} {
		header = binary.NativeEndian.AppendUint16(header, uint16(value))
	}
	// Only so many bytes are linear: the kernel moves the bound to behind the checksum, and not to behind TCP's options.
	binary.NativeEndian.PutUint16(header[2:], 14)
	return append(header, frame...)
}

const gsoTCPv4, gsoTCPv6, gsoUDP = 1, 4, 5

func openTap(t *testing.T, h hop) (*kernel, hop, func(frame []byte)) {
	t.Helper()
	var fd int
	k, h := attachedKernel(t, h, func() (ifindex int) {
		fd, ifindex = openTun(t, "tap", unix.IFF_TAP|unix.IFF_NO_PI|unix.IFF_VNET_HDR)
		return ifindex
	})
	return k, h, func(frame []byte) {
		_, err := unix.Write(fd, frame)
		if err == unix.EINVAL && frame[1] == gsoUDP {
			t.Skip("needs a kernel whose TAP devices take UDP's segmentation offload (6.2)")
		}
		must(t, err)
	}
}

func TestSuperSegmentsOfAnOffload(t *testing.T) {
	k, h, write := openTap(t, everything())
	d := newDice(53)
	for range 40 {
		version := d.version()
		data := d.tcp(0, 20000+d.IntN(45000))
		gsoType, start, size := uint8(gsoTCPv4), 34, 500+d.IntN(1000)
		if version == 6 {
			gsoType, start = gsoTCPv6, 54
		}
		whole := d.packet(version, data)
		level := uint32(bits.Len(uint(len(data.payload))) - 1)
		marks := expectedMarks(data.sequence, uint32(len(data.payload)), level)
		before := k.totalsOf(h).WirePackets
		write(virtioFrame(gsoType, size, start, 16, whole.frame()))
		records := k.recordsTo(t, whole.destination.Addr(), atLeast(len(marks)))
		count := (len(data.payload) + size - 1) / size
		got := k.totalsOf(h).WirePackets - before
		if got < uint64(count) || got > uint64(count)+3 { // the kernel's own are few
			t.Fatalf("%d wire packets, want %d", got, count)
		}
		for i, record := range records {
			segment := data
			segment.sequence, segment.payload = record.Mark, data.payload[record.Mark-data.sequence:][:1]
			identity := k.runBeside(d.packet(version, segment).frame())[record.Mark]
			if i >= len(marks) || record.Mark != marks[i] || record.Identity != identity || int(record.WirePackets) != count ||
				int(record.Payload) != len(data.payload) {
				t.Fatalf("version %d, %d bytes at %d, gso_size %d: %s, want marks %v", version, len(data.payload),
					data.sequence, size, describe(record), marks)
			}
		}
	}
}

func TestSuperDatagramsOfAnOffload(t *testing.T) {
	k, _, write := openTap(t, everything())
	d := newDice(54)
	for range 10 {
		version, size := d.version(), 600+d.IntN(600)
		payload := d.bytes(size*(2+d.IntN(40)) + 1 + d.IntN(size))
		whole := d.packet(version, udp{payload})
		start := 34
		if version == 6 {
			start = 54
		}
		write(virtioFrame(gsoUDP, size, start, 6, whole.frame()))
		count := (len(payload) + size - 1) / size
		records := k.recordsTo(t, whole.destination.Addr(), atLeast(count))
		for i, record := range records {
			single := whole
			single.id = uint32(uint16(whole.id) + uint16(i))
			single.body = udp{payload[i*size : min((i+1)*size, len(payload))]}
			identity := k.runBeside(single.frame())[0]
			if record.Identity != identity || int(record.Mark) != i || int(record.WirePackets) != count {
				t.Fatalf("datagram %d of %d: %s, alone %x", i, count, describe(record), identity)
			}
		}
	}
}

func TestSuperSegmentsInATunnel(t *testing.T) {
	k, _, write := openTap(t, underlay())
	d := newDice(55)
	data := d.tcp(0, 40000)
	inner := d.packet(6, data)
	outer := wrapped(d, 4, 8472, 9, inner.frame()).frame()
	// No driver says so of VXLAN, but the programs look no further than the length.
	write(virtioFrame(0, 0, 34, 6, outer))
	marks := expectedMarks(data.sequence, 40000, 15)
	records := k.recordsTo(t, inner.destination.Addr(), atLeast(len(marks)))
	first := records[0]
	if len(records) != len(marks) || first.Mark != marks[0] || first.Encapsulation != 50 || first.Payload != 40000 {
		t.Errorf("%+v, want marks %v", records, marks)
	}
}
