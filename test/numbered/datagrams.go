package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// sizeOf lets neighbours differ in length, so that each can be found again where it has no IP id.
func sizeOf(number, least, most int) int {
	steps := (most - least) / wordBytes
	return least + number*7%steps*wordBytes
}

func udpOptions(s settings) (options []option) {
	if s.noChecksum && s.to.Is4() {
		options = append(options, option{unix.SOL_SOCKET, unix.SO_NO_CHECK, 1})
	}
	if s.noChecksum && !s.to.Is4() {
		options = append(options, option{unix.IPPROTO_UDP, unix.UDP_NO_CHECK6_TX, 1})
	}
	return options
}

func portFor(s settings) int {
	if s.gro {
		return portMerged
	}
	return portDatagram
}

// udpSocket is connected: only then has each datagram an IPv4 id of its own.
func udpSocket(s settings, port int, options ...option) (int, error) {
	fd, err := socket(s.to, unix.SOCK_DGRAM, 0, append(udpOptions(s), options...)...)
	if err != nil {
		return -1, err
	}
	if err := unix.Connect(fd, sockaddr(s.to, port)); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func write(fd int, payload []byte) error {
	if _, err := unix.Write(fd, payload); err != nil && !isAnswer(err) {
		return fmt.Errorf("sending %d bytes: %w", len(payload), err)
	}
	return nil
}

const segmentsPerCall = 10

// sendUDP sends single datagrams, or ten of one size in one call.
func sendUDP(s settings, until time.Time) (int, error) {
	return sendStream(s, until, portFor(s), nil, 24)
}

// sendQUIC sends what looks like it: full datagrams behind a header with connection ids, answered by short ones.
func sendQUIC(s settings, until time.Time) (int, error) {
	header := append([]byte{0xc3, 0, 0, 0, 1, 8, 'h', 'o', 'p', 'l', 'e', 'n', 's', '0', 8}, make([]byte, 9)...)
	return sendStream(s, until, portQUIC, header, 1000)
}

// sendStream sends datagrams of at least so many bytes behind a header.
func sendStream(s settings, until time.Time, port int, header []byte, least int) (int, error) {
	fd, err := udpSocket(s, port)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if s.gso {
		return pace(max(1, s.rate/segmentsPerCall), until, func(number int) error {
			return writeSegments(fd, header, number*segmentsPerCall, sizeOf(number, max(least, 400), 1200))
		})
	}
	return pace(s.rate, until, func(number int) error {
		return write(fd, slices.Concat(header, datagram(flowDatagrams, number, sizeOf(number, least, 1200))))
	})
}

// writeSegments hands the kernel ten datagrams at once; the last one is shorter.
func writeSegments(fd int, header []byte, number, size int) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT, len(header)+size); err != nil {
		return err
	}
	var all []byte
	for i := range segmentsPerCall {
		all = append(append(all, header...), datagram(flowDatagrams, number+i, size)...)
	}
	return write(fd, all[:len(all)-64])
}

// sendDNS asks like resolvers do: each question from a port of its own.
func sendDNS(s settings, until time.Time) (int, error) {
	return pace(s.rate, until, func(number int) error {
		fd, err := udpSocket(s, portDNS)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		question := append([]byte{byte(number >> 8), byte(number), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, datagram(flowDatagrams, number, sizeOf(number, 16, 64))...)
		if err := write(fd, question); err != nil {
			return err
		}
		_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 20_000})
		_, _ = unix.Read(fd, question[:cap(question)]) // on a bad network it may not come
		return nil
	})
}

const fragmentedBytes = 4000

// sendFragments leaves cutting to the kernel.
func sendFragments(s settings, until time.Time) (int, error) {
	discover := option{unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT}
	if !s.to.Is4() {
		discover = option{unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT}
	}
	fd, err := udpSocket(s, portDatagram, discover)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return pace(max(1, s.rate/4), until, func(number int) error {
		return write(fd, datagram(flowDatagrams, number, sizeOf(number, fragmentedBytes-1600, fragmentedBytes)))
	})
}

// sendMulticast sends to a group on the pod's own link.
func sendMulticast(s settings, until time.Time) (int, error) {
	s.to = s.group
	fd, err := udpSocket(s, portDatagram)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return pace(s.rate, until, func(number int) error {
		return write(fd, datagram(flowOthers, number, sizeOf(number, 24, 1000)))
	})
}

// sendErrors provokes ICMP errors: of a port that nobody listens at, and of routers that find the time to live exceeded.
func sendErrors(s settings, until time.Time) (int, error) {
	level, name := unix.IPPROTO_IP, unix.IP_TTL
	if !s.to.Is4() {
		level, name = unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS
	}
	fd, err := udpSocket(s, portClosed)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return pace(max(1, s.rate/4), until, func(number int) error {
		lives := []int{64, 1, 64, 2}[number%4]
		if err := unix.SetsockoptInt(fd, level, name, lives); err != nil {
			return err
		}
		return write(fd, datagram(flowOthers, number, sizeOf(number, 24, 400)))
	})
}

// serveUDP takes datagrams; to those of DNS and QUIC it answers with their own words, as of another flow.
func serveUDP(port int, answerBytes int, options ...option) error {
	connection, err := listening(options).ListenPacket(background, "udp", fmt.Sprintf(":%d", port))
	if err != nil {
		return err
	}
	go answerDatagrams(connection.(*net.UDPConn), answerBytes)
	return nil
}

func answerDatagrams(connection *net.UDPConn, answerBytes int) {
	buffer := make([]byte, 1<<16)
	for number := 0; ; number++ {
		_, from, err := connection.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		if answerBytes > 0 {
			answer := datagram(flowReplies, number, sizeOf(number, 16, answerBytes))
			_, _ = connection.WriteToUDPAddrPort(answer, from)
		}
	}
}

// join makes a socket a member of a multicast group at eth0.
func join(group netip.Addr) error {
	device, err := net.InterfaceByName("eth0")
	if err != nil {
		return err
	}
	_, err = net.ListenMulticastUDP("udp", device, &net.UDPAddr{IP: group.AsSlice(), Port: portDatagram + 1000})
	return err
}
