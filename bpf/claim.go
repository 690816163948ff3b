package bpf

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Abstract addresses belong to a network namespace and vanish with their process, however it ends.
const claimAddress = "@hoplens-agent"

// claim makes this process the network namespace's only agent until the file descriptor is closed.
func claim() (int, error) {
	const doing = "claiming the network namespace"
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, failed(Internal, doing, err)
	}
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: claimAddress})
	if err == nil {
		return fd, nil
	}
	unix.Close(fd)
	if errors.Is(err, unix.EADDRINUSE) {
		return -1, fail(AlreadyRunning, doing, errors.New("another hoplens agent runs in it"))
	}
	return -1, failed(Internal, doing, err)
}

// claimed tells whether an agent runs in this network namespace. It sends that one nothing and takes nothing from it.
func claimed() (bool, error) {
	const doing = "asking for another agent"
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false, failed(Internal, doing, err)
	}
	defer unix.Close(fd)
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: claimAddress})
	if err != nil && !errors.Is(err, unix.ECONNREFUSED) {
		return false, failed(Internal, doing, err)
	}
	return err == nil, nil
}
