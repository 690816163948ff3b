package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openTap makes a TAP device that lives as long as the file is open, in whatever namespace it is then. Frames come
// and go without a virtio header: the kernel segments and checksums what it hands out.
func openTap(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening /dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err == nil {
		err = unix.SetNonblock(fd, true) // only now, or the runtime would poll a file without device
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("making TAP device %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
