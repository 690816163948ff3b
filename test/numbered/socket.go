package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

type option struct{ level, name, value int }

func setOptions(fd int, options []option) error {
	for _, each := range options {
		if err := unix.SetsockoptInt(fd, each.level, each.name, each.value); err != nil {
			return fmt.Errorf("option %d of level %d: %w", each.name, each.level, err)
		}
	}
	return nil
}

// setting sets options of a socket that Go opens, before it is used.
func setting(options []option) func(_, _ string, raw syscall.RawConn) error {
	return func(_, _ string, raw syscall.RawConn) (err error) {
		outer := raw.Control(func(fd uintptr) { err = setOptions(int(fd), options) })
		return errors.Join(outer, err)
	}
}

func listening(options []option) *net.ListenConfig {
	return &net.ListenConfig{Control: setting(options)}
}

// socket opens one of our own, with the family of an address.
func socket(to netip.Addr, kind, protocol int, options ...option) (int, error) {
	family := unix.AF_INET6
	if to.Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return -1, fmt.Errorf("opening a socket: %w", err)
	}
	if err := setOptions(fd, options); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func sockaddr(to netip.Addr, port int) unix.Sockaddr {
	if to.Is4() {
		return &unix.SockaddrInet4{Addr: to.As4(), Port: port}
	}
	return &unix.SockaddrInet6{Addr: to.As16(), Port: port}
}

func localAddress(fd int) (netip.AddrPort, error) {
	local, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, err
	}
	switch local := local.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(local.Addr), uint16(local.Port)), nil
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(local.Addr), uint16(local.Port)), nil
	}
	return netip.AddrPort{}, errors.New("a socket of another family")
}

// isAnswer tells errors that are the network's answer to what was sent before, not ours.
func isAnswer(err error) bool {
	return errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.ENOBUFS)
}
