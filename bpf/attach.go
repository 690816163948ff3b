package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// enum device_flags
const (
	deviceEthernet = 1
	deviceUnderlay = 2
	deviceMask     = 0xffff // of an ifindex: the place in the devices map
)

// Flags say how a device's packets are read.
type Flags struct {
	Ethernet bool `json:"ethernet"` // frames begin with an Ethernet header
	Underlay bool `json:"underlay"` // carries tunnels: follow the inner packet
}

func (f Flags) bits() (bits uint16) {
	if f.Ethernet {
		bits |= deviceEthernet
	}
	if f.Underlay {
		bits |= deviceUnderlay
	}
	return bits
}

// Attached is where a device's totals are, and who else is there.
type Attached struct {
	Slot    int    `json:"slot"` // hops 2*slot (ingress) and 2*slot+1 (egress)
	Hooks   string `json:"hooks"`
	Foreign Counts `json:"foreign"`
}

// Attach puts our programs at the head of a device's ingress and egress. Its totals begin at zero.
func (s *Session) Attach(ifindex int, flags Flags) (*Attached, error) {
	doing := fmt.Sprintf("attaching to device %d", ifindex)
	if err := s.free(ifindex); err != nil {
		return nil, failed(Internal, doing, err)
	}
	programs, err := s.Programs(ifindex)
	if err != nil {
		return nil, failed(Internal, doing, err)
	}
	slot, ok := s.slots.take()
	if !ok {
		return nil, fail(TableFull, doing, fmt.Errorf("all %d slots are in use", s.options.MaxDevices))
	}
	attachment, err := s.fill(ifindex, slot, flags)
	if err != nil {
		s.devicesEntry(ifindex, hoplensDevice{})
		s.slots.give(slot)
		return nil, failed(Internal, doing, err)
	}
	s.attached[ifindex] = &attachedDevice{slot, attachment}
	return &Attached{slot, s.hooks.name(), programs.foreign()}, nil
}

// free checks that the device's place is free. What is attached to a deleted device of the same ifindex gives way.
func (s *Session) free(ifindex int) error {
	for other, device := range s.attached {
		if other&deviceMask != ifindex&deviceMask {
			continue
		}
		if device.attachment.alive() {
			if other == ifindex {
				return fail(AlreadyAttached, "looking for its place", errors.New("our programs are there"))
			}
			return fail(SlotCollision, "looking for its place", fmt.Errorf("device %d has it", other))
		}
		if err := s.Detach(other); err != nil {
			return err
		}
	}
	return nil
}

// fill writes the device's entries before the programs look for them.
func (s *Session) fill(ifindex, slot int, flags Flags) (attachment, error) {
	if err := s.zeroTotals(slot); err != nil {
		return nil, err
	}
	entry := hoplensDevice{Ifindex: uint32(ifindex), Slot: uint16(slot), Flags: flags.bits()}
	if err := s.devicesEntry(ifindex, entry); err != nil {
		return nil, err
	}
	return s.hooks.attach(ifindex)
}

func (s *Session) zeroTotals(slot int) error {
	for cpu := range s.cpus {
		for direction := range 2 {
			place := uint32(cpu*s.options.hopsPerCPU() + 2*slot + direction)
			if err := s.objects.Hops.Update(place, hoplensHopTotals{}, ebpf.UpdateAny); err != nil {
				return fmt.Errorf("zeroing its totals: %w", err)
			}
		}
	}
	return nil
}

func (s *Session) devicesEntry(ifindex int, entry hoplensDevice) error {
	if err := s.objects.Devices.Update(uint32(ifindex&deviceMask), entry, ebpf.UpdateAny); err != nil {
		return fmt.Errorf("writing its entry: %w", err)
	}
	return nil
}

// SetFlags changes how an attached device's packets are read.
func (s *Session) SetFlags(ifindex int, flags Flags) error {
	doing := fmt.Sprintf("changing the flags of device %d", ifindex)
	device, ok := s.attached[ifindex]
	if !ok {
		return fail(NotAttached, doing, errors.New("our programs are not there"))
	}
	entry := hoplensDevice{Ifindex: uint32(ifindex), Slot: uint16(device.slot), Flags: flags.bits()}
	if err := s.devicesEntry(ifindex, entry); err != nil {
		return failed(Internal, doing, err)
	}
	return nil
}

// Detach takes our programs off a device, which may be gone, and frees its slot.
func (s *Session) Detach(ifindex int) error {
	doing := fmt.Sprintf("detaching from device %d", ifindex)
	device, ok := s.attached[ifindex]
	if !ok {
		return fail(NotAttached, doing, errors.New("our programs are not there"))
	}
	detached := device.attachment.detach()
	// Ours no more even if a filter stayed: without its entry it counts and writes nothing, and the next start removes it.
	err := errors.Join(detached, s.devicesEntry(ifindex, hoplensDevice{}))
	delete(s.attached, ifindex)
	s.slots.give(device.slot)
	if err != nil {
		return failed(Internal, doing, err)
	}
	return nil
}
