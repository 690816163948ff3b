package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// bigTCP lets a device carry TCP super-packets longer than 64 KiB, of both families. Debian 12's ip has no words for it.
func bigTCP(arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("bigtcp DEVICE BYTES")
	}
	device, err := net.InterfaceByName(arguments[0])
	if err != nil {
		return err
	}
	size, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}
	return setLink(device.Index, attribute(unix.IFLA_GSO_MAX_SIZE, size), attribute(unix.IFLA_GRO_MAX_SIZE, size),
		attribute(unix.IFLA_GSO_IPV4_MAX_SIZE, size), attribute(unix.IFLA_GRO_IPV4_MAX_SIZE, size))
}

func attribute(kind, value int) []byte {
	raw := binary.NativeEndian.AppendUint16(nil, 8)
	raw = binary.NativeEndian.AppendUint16(raw, uint16(kind))
	return binary.NativeEndian.AppendUint32(raw, uint32(value))
}

// setLink sends RTM_NEWLINK for an existing device and waits for the kernel's answer.
func setLink(index int, attributes ...[]byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	link := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(link[4:], uint32(index))
	body := slices.Concat(append([][]byte{link}, attributes...)...)
	header := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	header = binary.NativeEndian.AppendUint16(header, unix.RTM_NEWLINK)
	header = binary.NativeEndian.AppendUint16(header, unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	header = append(header, make([]byte, 8)...)
	if err := unix.Sendto(fd, append(header, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	if _, _, err := unix.Recvfrom(fd, answer, 0); err != nil {
		return err
	}
	if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}
