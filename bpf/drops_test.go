package bpf

import (
	"encoding/binary"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf/ringbuf"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// dropScene is a node's namespace with a pod behind a veth pair, and a session that watches both.
type dropScene struct {
	*testing.T
	session *Session
	ring    *ringbuf.Reader
	ifindex int
	pod     int // a process in its namespace
}

func newDropScene(t *testing.T) *dropScene {
	inNamespace(t)
	session, err := Open(Options{RingBytes: 1 << 16, MaxDevices: 4, Hooks: "auto", Drops: true, Queues: true})
	must(t, err)
	t.Cleanup(func() { must(t, session.Close()) })
	must(t, session.noDrops)
	must(t, session.noQueues)
	pod := otherNamespace(t)
	ifindex, _ := makeVeth(t, "host", "inside")
	inside, err := netlink.LinkByName("inside")
	must(t, err)
	must(t, netlink.LinkSetNsPid(inside, pod))
	run(t, "ip", "address", "add", "10.9.0.1/24", "dev", "host")
	inPod := []string{"nsenter", "-t", fmt.Sprint(pod), "-n", "ip"}
	run(t, append(inPod, "address", "add", "10.9.0.2/24", "dev", "inside")...)
	run(t, append(inPod, "link", "set", "inside", "up")...)
	waitFor(t, func() bool { // afterwards both know the other's address
		return exec.Command("ping", "-c1", "-W1", "10.9.0.2").Run() == nil
	})
	must(t, session.objects.Config.Put(uint32(0), hoplensConfig{RecordsPerWindow: 1000}))
	_, err = session.Attach(ifindex, Flags{Ethernet: true})
	must(t, err)
	ring, err := ringbuf.NewReader(session.objects.Ring)
	must(t, err)
	t.Cleanup(func() { ring.Close() })
	ring.SetDeadline(time.Now()) // nothing wakes a reader
	return &dropScene{t, session, ring, ifindex, pod}
}

// records that were written since the last call, hops' and drops' apart.
func (s *dropScene) records() (hops, drops []hoplensRecord) {
	s.Helper()
	for s.ring.AvailableBytes() > 0 {
		raw, err := s.ring.Read()
		must(s, err)
		var record hoplensRecord
		_, err = binary.Decode(raw.RawSample, binary.NativeEndian, &record)
		must(s, err)
		if record.Direction < 4 {
			hops = append(hops, record)
		} else {
			drops = append(drops, record)
		}
	}
	return hops, drops
}

// place is where a record says that it was dropped: the reason's name and the stack.
func (s *dropScene) place(record hoplensRecord) (reason string, symbols []string) {
	s.Helper()
	var place tracepointsDropPlace
	must(s, s.session.drops.programs.Maps["drop_places"].Lookup(uint32(record.Drop-1), &place))
	reasons, err := dropReasons()
	must(s, err)
	for name, number := range reasons {
		if number == uint64(place.Reason) {
			reason = name
		}
	}
	var text strings.Builder
	for _, letter := range place.Symbols {
		text.WriteByte(byte(letter))
	}
	return reason, strings.Split(strings.TrimRight(text.String(), "\x00\n"), "\n")
}

func (s *dropScene) counted(name string) (count uint64) {
	s.Helper()
	reasons, err := dropReasons()
	must(s, err)
	for cpu := range s.session.cpus {
		var one uint64
		must(s, s.session.drops.programs.Maps["drop_counts"].Lookup(uint32(cpu*dropReasonCounts)+uint32(reasons[name]), &one))
		count += one
	}
	return count
}

// sendUDP does not mind when the node itself refuses.
func (s *dropScene) sendUDP(port int) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	must(s, err)
	defer unix.Close(fd)
	to := unix.SockaddrInet4{Port: port, Addr: [4]byte{10, 9, 0, 2}}
	if err := unix.Sendto(fd, []byte("a datagram of more than thirty-two bytes"), 0, &to); err != nil && err != unix.EPERM {
		s.Fatal(err)
	}
}

func TestDropInAPodHasTheIdentityOfItsHop(t *testing.T) {
	s := newDropScene(t)
	before := s.counted("NO_SOCKET")
	s.records()
	s.sendUDP(9)
	hops, drops := s.records()
	if len(drops) != 1 || len(hops) == 0 || drops[0].Identity != hops[0].Identity {
		t.Fatalf("hops %+v, drops %+v", hops, drops)
	}
	drop := drops[0]
	if drop.Direction != 5 || int(drop.Ifindex) != s.ifindex || drop.Flow != hops[0].Flow || drop.TimeNs < hops[0].TimeNs {
		t.Errorf("hop %+v, drop %+v", hops[0], drop)
	}
	if reason, symbols := s.place(drop); reason != "NO_SOCKET" || !strings.Contains(symbols[0], "udp") {
		t.Errorf("dropped for %s in %v", reason, symbols)
	}
	if counted := s.counted("NO_SOCKET") - before; counted != 1 {
		t.Errorf("%d counted", counted)
	}
}

func TestDropByTheNodeTellsItsHook(t *testing.T) {
	s := newDropScene(t)
	run(t, "nft", "add table ip t; add chain ip t out { type filter hook output priority 0; }; add rule ip t out udp dport 9 drop")
	s.records()
	s.sendUDP(9)
	hops, drops := s.records()
	if len(hops) != 0 || len(drops) != 1 || drops[0].Direction != 4 || int(drops[0].Ifindex) != s.ifindex {
		t.Fatalf("hops %+v, drops %+v", hops, drops)
	}
	reason, symbols := s.place(drops[0])
	if reason != "NETFILTER_DROP" || !strings.Contains(strings.Join(symbols, " "), "ip_local_out") {
		t.Errorf("dropped for %s in %v", reason, symbols)
	}
}

// onOneCPU keeps the test's thread, and the softirqs that it causes, on a processor.
func onOneCPU(t *testing.T) {
	var before, one unix.CPUSet
	must(t, unix.SchedGetaffinity(0, &before))
	one.Set(0)
	must(t, unix.SchedSetaffinity(0, &one))
	t.Cleanup(func() { must(t, unix.SchedSetaffinity(0, &before)) })
}

// What has no IP header is no packet, and not the one before it once more.
func TestMessageBetweenUnixSocketsIsNoPacket(t *testing.T) {
	s := newDropScene(t)
	onOneCPU(t)
	s.sendUDP(9)
	if _, drops := s.records(); len(drops) != 1 {
		t.Fatalf("drops %+v", drops)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	_, err = unix.Write(pair[0], []byte("never read"))
	must(t, err)
	unix.Close(pair[1])
	unix.Close(pair[0])
	if _, drops := s.records(); len(drops) != 0 {
		t.Errorf("drops %+v", drops)
	}
}

func TestDropsOfOtherNamespacesAreNotOurs(t *testing.T) {
	s := newDropScene(t)
	other := otherNamespace(t)
	inOther := []string{"nsenter", "-t", fmt.Sprint(other), "-n"}
	run(t, append(inOther, "ip", "link", "set", "lo", "up")...)
	before := s.counted("NO_SOCKET")
	s.records()
	run(t, append(inOther, "bash", "-c", "echo something > /dev/udp/127.0.0.1/9")...)
	if _, drops := s.records(); len(drops) != 0 || s.counted("NO_SOCKET") != before {
		t.Fatalf("drops %+v", drops)
	}
}
