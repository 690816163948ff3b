package bpf

import (
	"encoding/binary"
	"net"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// inNamespace gives the test a network namespace of its own. Its thread dies with the test and takes the namespace along.
func inNamespace(t testing.TB) {
	t.Helper()
	if unix.Geteuid() != 0 {
		t.Skip("needs root: network namespaces and eBPF")
	}
	runtime.LockOSThread()
	must(t, unix.Unshare(unix.CLONE_NEWNET))
	loopback, err := netlink.LinkByIndex(loopback)
	must(t, err)
	must(t, netlink.LinkSetUp(loopback))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code Code) {
	t.Helper()
	if err == nil || classify(err, Internal) != code {
		t.Fatalf("got %v, want an error of code %s", err, code)
	}
}

func run(t testing.TB, command ...string) {
	t.Helper()
	if output, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v %s", command, err, output)
	}
}

// perHook runs a test for each kind of hook, each in a namespace of its own.
func perHook(t *testing.T, test func(t *testing.T, session *Session)) {
	for _, hooks := range []string{"tcx", "clsact"} {
		t.Run(hooks, func(t *testing.T) {
			inNamespace(t)
			test(t, openSession(t, hooks, 64))
		})
	}
}

func openSession(t *testing.T, hooks string, devices int) *Session {
	t.Helper()
	session, err := Open(Options{RingBytes: 1 << 16, MaxDevices: devices, Hooks: hooks})
	if err != nil && classify(err, Internal) == NoHook {
		t.Skip("needs a kernel with tcx (6.6)")
	}
	must(t, err)
	t.Cleanup(func() { must(t, session.Close()) })
	return session
}

// makeVeth gives the ifindexes of both ends, up and without addresses.
func makeVeth(t testing.TB, name, peer string) (int, int) {
	t.Helper()
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: peer}))
	return up(t, name), up(t, peer)
}

func up(t testing.TB, name string) int {
	t.Helper()
	link, err := netlink.LinkByName(name)
	must(t, err)
	must(t, netlink.LinkSetUp(link))
	return link.Attrs().Index
}

// sendFrames sends Ethernet frames of a protocol that nobody speaks out of a device.
func sendFrames(t *testing.T, ifindex, count int) {
	t.Helper()
	const experimental = 0x88b5
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(fd)
	frame := make([]byte, 64)
	binary.BigEndian.PutUint16(frame[12:], experimental)
	for i := range 6 {
		frame[i] = 0xff
	}
	for range count {
		must(t, unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: ifindex}))
	}
}

// packetsAt sums the packets of one hop over all CPUs.
func packetsAt(t *testing.T, session *Session, slot, direction int) (packets uint64) {
	t.Helper()
	for cpu := range session.cpus {
		var totals hoplensHopTotals
		must(t, session.objects.Hops.Lookup(uint32(cpu*session.options.hopsPerCPU()+2*slot+direction), &totals))
		packets += totals.Packets
	}
	return packets
}

// counter is somebody else's program: it counts and lets the next one decide.
type counter struct {
	program *ebpf.Program
	counts  *ebpf.Map
}

func newCounter(t *testing.T) counter {
	t.Helper()
	counts, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	must(t, err)
	t.Cleanup(func() { counts.Close() })
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "foreign", Type: ebpf.SchedCLS, License: "GPL",
		Instructions: asm.Instructions{
			asm.StoreImm(asm.R10, -4, 0, asm.Word),
			asm.Mov.Reg(asm.R2, asm.R10),
			asm.Add.Imm(asm.R2, -4),
			asm.LoadMapPtr(asm.R1, counts.FD()),
			asm.FnMapLookupElem.Call(),
			asm.JEq.Imm(asm.R0, 0, "out"),
			asm.Mov.Imm(asm.R1, 1),
			asm.AddAtomic.Mem(asm.R0, asm.R1, asm.DWord, 0),
			asm.Mov.Imm(asm.R0, -1).WithSymbol("out"),
			asm.Return(),
		},
	})
	must(t, err)
	t.Cleanup(func() { program.Close() })
	return counter{program, counts}
}

func (c counter) count(t *testing.T) (count uint64) {
	t.Helper()
	must(t, c.counts.Lookup(uint32(0), &count))
	return count
}

func (c counter) id(t *testing.T) int {
	t.Helper()
	id, err := programID(c.program)
	must(t, err)
	return int(id)
}

// otherNamespace is a second network namespace that lasts as long as the test, named by the pid of what sits in it.
func otherNamespace(t *testing.T) int {
	t.Helper()
	sleeper := exec.Command("sleep", "300")
	sleeper.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	must(t, sleeper.Start())
	t.Cleanup(func() {
		sleeper.Process.Kill()
		sleeper.Wait()
	})
	return sleeper.Process.Pid
}

func parseMAC(t *testing.T, text string) net.HardwareAddr {
	t.Helper()
	mac, err := net.ParseMAC(text)
	must(t, err)
	return mac
}

// waitFor waits for what happens soon, and fails after seconds that no working machine needs.
func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for range 1000 {
		if condition() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("did not happen within 5 s")
}
