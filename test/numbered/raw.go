package main

import (
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// What no ordinary socket sends.

func be16(value int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(value)) }
func be32(value int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(value)) }

// checksum of RFC 1071 over all parts, each of even length but the last.
func checksum(parts ...[]byte) uint16 {
	sum := uint32(0)
	for i, each := range slices.Concat(parts...) {
		sum += uint32(each) << (8 * (1 - i%2))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// sendEchoes sends pings of any length, some as long as several packets, with two ids in turn; no two runs have the same, for
// connection trackers remember.
func sendEchoes(s settings, until time.Time) (int, error) {
	protocol, kind := unix.IPPROTO_ICMP, byte(8)
	if !s.to.Is4() {
		protocol, kind = unix.IPPROTO_ICMPV6, 128
	}
	fd, err := socket(s.to, unix.SOCK_RAW, protocol)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return pace(s.rate, until, func(number int) error {
		size := sizeOf(number, 24, 1200)
		if number%50 == 49 {
			size = 3000
		}
		echo := slices.Concat([]byte{kind, 0, 0, 0}, be16(os.Getpid()%0x7fff*2+number%2), be16(number), datagram(flowOthers, number, size))
		if s.to.Is4() {
			binary.BigEndian.PutUint16(echo[2:], checksum(echo)) // of ICMPv6 the kernel does it
		}
		return sendTo(fd, echo, s.to)
	})
}

func sendTo(fd int, packet []byte, to netip.Addr) error {
	err := unix.Sendto(fd, packet, 0, sockaddr(to, 0))
	if err != nil && isAnswer(err) {
		return nil
	}
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sendSCTP sends INITs, whose unknown parameter holds the words: a connection tracker takes each as a beginning.
func sendSCTP(s settings, until time.Time) (int, error) {
	fd, err := socket(s.to, unix.SOCK_RAW, unix.IPPROTO_SCTP)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return pace(s.rate, until, func(number int) error {
		return sendTo(fd, initPacket(20_000+os.Getpid()%40_000, portSCTP, number, datagram(flowOthers, number, sizeOf(number, 24, 800))), s.to)
	})
}

func initPacket(from, to, tag int, payload []byte) []byte {
	parameter := slices.Concat(be16(0x8008), be16(4+len(payload)), payload)
	chunk := slices.Concat([]byte{1, 0}, be16(20+len(parameter)), be32(tag+1), be32(65_536), be16(1), be16(1), be32(tag), parameter)
	packet := slices.Concat(be16(from), be16(to), be32(0), be32(0), chunk)
	binary.LittleEndian.PutUint32(packet[8:], crc32.Checksum(packet, castagnoli))
	return packet
}

const fragmentBytes = 1200 // a multiple of 8

// sendReversed cuts datagrams itself, and sends the last part first.
func sendReversed(s settings, until time.Time) (int, error) {
	options := []option{{unix.IPPROTO_IP, unix.IP_HDRINCL, 1}}
	if !s.to.Is4() {
		options = []option{{unix.IPPROTO_IPV6, unix.IPV6_HDRINCL, 1}}
	}
	fd, err := socket(s.to, unix.SOCK_RAW, unix.IPPROTO_RAW, options...)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	from, err := sourceFor(s)
	if err != nil {
		return 0, err
	}
	return pace(max(1, s.rate/4), until, func(number int) error {
		payload := datagram(flowDatagrams, number, sizeOf(number, fragmentedBytes-1600, fragmentedBytes))
		whole := udpPacket(from, netip.AddrPortFrom(s.to, portDatagram), payload)
		parts := cut(from.Addr(), s.to, number+1, whole)
		for i := len(parts) - 1; i >= 0; i-- {
			if err := sendTo(fd, parts[i], s.to); err != nil {
				return err
			}
		}
		return nil
	})
}

func sourceFor(s settings) (netip.AddrPort, error) {
	fd, err := udpSocket(s, portDatagram)
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer unix.Close(fd)
	return localAddress(fd)
}

func udpPacket(from, to netip.AddrPort, payload []byte) []byte {
	packet := slices.Concat(be16(int(from.Port())), be16(int(to.Port())), be16(8+len(payload)), be16(0), payload)
	pseudo := slices.Concat(from.Addr().AsSlice(), to.Addr().AsSlice(), be32(len(packet)), be32(unix.IPPROTO_UDP))
	binary.BigEndian.PutUint16(packet[6:], checksum(pseudo, packet))
	return packet
}

// cut makes IP packets of a datagram's parts, the first one first.
func cut(from, to netip.Addr, id int, whole []byte) (parts [][]byte) {
	for offset := 0; offset < len(whole); offset += fragmentBytes {
		end := min(offset+fragmentBytes, len(whole))
		more := 0
		if end < len(whole) {
			more = 1
		}
		header := header6(from, to, id, offset, more, end-offset)
		if from.Is4() {
			header = header4(from, to, id, offset, more, end-offset)
		}
		parts = append(parts, append(header, whole[offset:end]...))
	}
	return parts
}

func header4(from, to netip.Addr, id, offset, more, size int) []byte {
	return slices.Concat([]byte{0x45, 0}, be16(20+size), be16(id), be16(more<<13|offset/8), []byte{64, unix.IPPROTO_UDP, 0, 0},
		from.AsSlice(), to.AsSlice())
}

func header6(from, to netip.Addr, id, offset, more, size int) []byte {
	return slices.Concat([]byte{0x60, 0, 0, 0}, be16(8+size), []byte{unix.IPPROTO_FRAGMENT, 64}, from.AsSlice(), to.AsSlice(),
		[]byte{unix.IPPROTO_UDP, 0}, be16(offset|more), be32(id))
}

// takeRaw lets a protocol have somebody who listens: the kernel would answer that there is nobody.
func takeRaw(protocol int) error {
	for _, to := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		fd, err := socket(to, unix.SOCK_RAW, protocol)
		if err != nil {
			return err
		}
		go func() {
			buffer := make([]byte, 1<<16)
			for {
				if _, err := unix.Read(fd, buffer); err != nil {
					return
				}
			}
		}()
	}
	return nil
}
