package bpf

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offloads of a device, as ethtool tells them.
type Offloads struct {
	LRO bool `json:"lro"` // merges segments on the card: what ACKs and timestamps said is gone
	GRO bool `json:"gro"`
	GSO bool `json:"gso"`
	TSO bool `json:"tso"`
}

const flagLRO = 1 << 15 // ETH_FLAG_LRO

// ethtoolRequest is struct ifreq with a struct ethtool_value.
type ethtoolRequest struct {
	name  [unix.IFNAMSIZ]byte
	value *ethtoolValue
	_     [16]byte
}

type ethtoolValue struct{ command, data uint32 }

// offloadsOf reads; that needs no capability. What a device does not know of is off.
func offloadsOf(device string) (*Offloads, error) {
	doing := "asking for the offloads of " + device
	if len(device) >= unix.IFNAMSIZ {
		return nil, fail(BadRequest, doing, errors.New("no device has so long a name"))
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, failed(Internal, doing, err)
	}
	defer unix.Close(socket)
	var values [4]uint32
	for i, command := range []uint32{unix.ETHTOOL_GFLAGS, unix.ETHTOOL_GGRO, unix.ETHTOOL_GGSO, unix.ETHTOOL_GTSO} {
		if values[i], err = ethtool(socket, device, command); err != nil {
			return nil, failed(Internal, doing, err)
		}
	}
	return &Offloads{values[0]&flagLRO != 0, values[1] != 0, values[2] != 0, values[3] != 0}, nil
}

func ethtool(socket int, device string, command uint32) (uint32, error) {
	value := ethtoolValue{command: command}
	request := ethtoolRequest{value: &value}
	copy(request.name[:], device)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(socket), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	switch errno {
	case 0:
		return value.data, nil
	case unix.EOPNOTSUPP:
		return 0, nil
	}
	return 0, fmt.Errorf("ethtool command %#x: %w", command, errno)
}
