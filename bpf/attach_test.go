package bpf

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func TestAttachCountsAndLeavesNothing(t *testing.T) {
	perHook(t, func(t *testing.T, session *Session) {
		near, far := makeVeth(t, "near", "far")
		first, err := session.Attach(near, Flags{Ethernet: true})
		must(t, err)
		second, err := session.Attach(far, Flags{Ethernet: true, Underlay: true})
		must(t, err)
		if first.Slot == second.Slot || first.Foreign != (Counts{}) {
			t.Fatalf("attached as %+v and %+v", first, second)
		}
		before := packetsAt(t, session, second.Slot, 0)
		sendFrames(t, near, 10)
		if got := packetsAt(t, session, first.Slot, 1); got < 10 {
			t.Errorf("egress of near counted %d of 10 packets", got)
		}
		waitFor(t, func() bool { return packetsAt(t, session, second.Slot, 0) >= before+10 })

		_, err = session.Attach(near, Flags{})
		wantCode(t, err, AlreadyAttached)
		must(t, session.Detach(near))
		wantCode(t, session.Detach(near), NotAttached)
		wantCode(t, session.SetFlags(near, Flags{}), NotAttached)
		wantNothingAt(t, session, near)

		again, err := session.Attach(near, Flags{})
		must(t, err)
		if again.Slot != first.Slot {
			t.Errorf("slot %d was free, got %d", first.Slot, again.Slot)
		}
	})
}

func TestTotalsOfAReusedSlotBeginAtZero(t *testing.T) {
	perHook(t, func(t *testing.T, session *Session) {
		near, far := makeVeth(t, "near", "far")
		attached, err := session.Attach(near, Flags{Ethernet: true})
		must(t, err)
		sendFrames(t, near, 5)
		if packetsAt(t, session, attached.Slot, 1) < 5 {
			t.Fatal("nothing was counted")
		}
		must(t, session.Detach(near))
		must(t, netlink.LinkSetDown(device(far))) // silences both ends
		reused, err := session.Attach(far, Flags{Ethernet: true})
		must(t, err)
		if got := packetsAt(t, session, reused.Slot, 1); reused.Slot != attached.Slot || got != 0 {
			t.Errorf("slot %d begins with %d packets", reused.Slot, got)
		}
	})
}

func TestFlagsOfAnAttachedDevice(t *testing.T) {
	perHook(t, func(t *testing.T, session *Session) {
		near, _ := makeVeth(t, "near", "far")
		attached, err := session.Attach(near, Flags{})
		must(t, err)
		must(t, session.SetFlags(near, Flags{Ethernet: true, Underlay: true}))
		want := hoplensDevice{Ifindex: uint32(near), Slot: uint16(attached.Slot), Flags: deviceEthernet | deviceUnderlay}
		if got := deviceEntry(t, session, near); got != want {
			t.Errorf("entry %+v, want %+v", got, want)
		}
	})
}

func TestDeviceDeletedWhileAttached(t *testing.T) {
	perHook(t, func(t *testing.T, session *Session) {
		near, far := makeVeth(t, "near", "far")
		_, err := session.Attach(near, Flags{})
		must(t, err)
		_, err = session.Attach(far, Flags{})
		must(t, err)
		must(t, netlink.LinkDel(device(near)))
		must(t, session.Detach(near))
		_, err = session.Attach(near, Flags{})
		wantCode(t, err, DeviceGone)
		_, err = session.Programs(far)
		wantCode(t, err, DeviceGone)

		// The kernel gives an ifindex again when asked to: what was attached to the old device gives way.
		run(t, "ip", "link", "add", "back", "index", fmt.Sprint(far), "type", "bridge")
		back, err := session.Attach(far, Flags{})
		must(t, err)
		programs, err := session.Programs(far)
		must(t, err)
		if len(session.attached) != 1 || len(programs.Ingress) != 1 || back.Slot != session.attached[far].slot {
			t.Errorf("attached %v, programs %+v", session.attached, programs)
		}
	})
}

func TestTablesRefuseWhatDoesNotFit(t *testing.T) {
	perHook(t, func(t *testing.T, session *Session) {
		session.slots.limit = 1
		near, far := makeVeth(t, "near", "far")
		_, err := session.Attach(near, Flags{})
		must(t, err)
		_, err = session.Attach(far, Flags{})
		wantCode(t, err, TableFull)
		run(t, "ip", "link", "add", "same", "index", fmt.Sprint(near+deviceMask+1), "type", "bridge")
		_, err = session.Attach(near+deviceMask+1, Flags{})
		wantCode(t, err, SlotCollision)
		_, err = session.Attach(0, Flags{})
		wantCode(t, err, DeviceGone)
	})
}

// A thousand pods come and go: slots are reused, nothing is left in the tables, no file descriptor stays open.
func TestThousandPairsComeAndGo(t *testing.T) {
	const batch, group = 50, 7
	perHook(t, func(t *testing.T, session *Session) {
		attachEvery := 1
		if session.hooks.name() == "tcx" {
			attachEvery = 10 // the kernel takes 50 ms to attach and detach one
		}
		files := openFiles(t)
		highest := 0
		for round := range 1000 / batch {
			var attached []int
			for i := range batch {
				ifindex := makePodVeth(t, i, group)
				if i%attachEvery == 0 {
					where, err := session.Attach(ifindex, Flags{Ethernet: true})
					must(t, err)
					attached, highest = append(attached, ifindex), max(highest, where.Slot)
				}
			}
			early := attached[:len(attached)*(round%3)/2] // none, half or all detached before their devices go
			for _, ifindex := range early {
				must(t, session.Detach(ifindex))
			}
			run(t, "ip", "link", "delete", "group", fmt.Sprint(group)) // at once: one by one takes 20 ms each
			for _, ifindex := range attached[len(early):] {
				must(t, session.Detach(ifindex))
			}
		}
		if highest >= batch {
			t.Errorf("slot %d was used for %d devices at a time", highest, batch)
		}
		wantDevicesEmpty(t, session)
		if now := openFiles(t); now != files {
			t.Errorf("%d files open, %d before", now, files)
		}
	})
}

func makePodVeth(t *testing.T, number int, group uint32) int {
	t.Helper()
	name := fmt.Sprintf("pod%d", number)
	must(t, netlink.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: name, Group: group}, PeerName: fmt.Sprintf("peer%d", number),
	}))
	return up(t, name)
}

func TestProgramsWithoutPermission(t *testing.T) {
	inNamespace(t)
	// Capabilities belong to the thread, which dies with this test.
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	must(t, unix.Capset(&header, &none[0]))
	_, err := Open(Options{RingBytes: 1 << 16, MaxDevices: 1, Hooks: "auto"})
	wantCode(t, err, NoPermission)
}

func TestOpenRefusesNonsense(t *testing.T) {
	good := Options{RingBytes: 1 << 16, MaxDevices: 1, Hooks: "auto"}
	must(t, good.check())
	for _, spoil := range []func(*Options){
		func(o *Options) { o.RingBytes = 0 },
		func(o *Options) { o.RingBytes = 3 << 12 },
		func(o *Options) { o.RingBytes = 1 << 9 },
		func(o *Options) { o.RingBytes = -1 << 63 },
		func(o *Options) { o.MaxDevices = 0 },
		func(o *Options) { o.MaxDevices = maxDevices + 1 },
		func(o *Options) { o.Hooks = "xdp" },
		func(o *Options) { o.Hooks = "" },
	} {
		options := good
		spoil(&options)
		_, err := Open(options)
		wantCode(t, err, BadRequest)
	}
}

func TestSlots(t *testing.T) {
	free := slots{limit: 3}
	take := func() int {
		slot, ok := free.take()
		if !ok {
			return -1
		}
		return slot
	}
	got := []int{take(), take(), take(), take()}
	free.give(2)
	free.give(0)
	got = append(got, take(), take(), take())
	if want := []int{0, 1, 2, -1, 0, 2, -1}; !slices.Equal(got, want) {
		t.Errorf("slots %v, want %v", got, want)
	}
}

func deviceEntry(t *testing.T, session *Session, ifindex int) (entry hoplensDevice) {
	t.Helper()
	must(t, session.objects.Devices.Lookup(uint32(ifindex&deviceMask), &entry))
	return entry
}

func wantDevicesEmpty(t *testing.T, session *Session) {
	t.Helper()
	for ifindex := range deviceMask + 1 {
		if entry := deviceEntry(t, session, ifindex); entry != (hoplensDevice{}) {
			t.Fatalf("the devices table still holds %+v", entry)
		}
	}
}

func wantNothingAt(t *testing.T, session *Session, ifindex int) {
	t.Helper()
	programs, err := session.Programs(ifindex)
	must(t, err)
	if len(programs.Ingress)+len(programs.Egress) > 0 || deviceEntry(t, session, ifindex) != (hoplensDevice{}) {
		t.Errorf("device %d still has %+v and entry %+v", ifindex, programs, deviceEntry(t, session, ifindex))
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(entries)
}

func TestErrorsKeepCodeAndSentence(t *testing.T) {
	err := failed(Internal, "attaching to device 7", failed(Internal, "attaching to tcx", errors.Join(unix.ENODEV)))
	if err.Code != DeviceGone || err.Error() != "attaching to device 7: attaching to tcx: no such device" {
		t.Errorf("%s: %s", err.Code, err.Error())
	}
}
