package bpf

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const helperVariable = "HOPLENS_TEST_PROCESS"

// TestProcess is no test: the others start it as a process of its own, to kill or to cripple it.
func TestProcess(t *testing.T) {
	words := strings.Fields(os.Getenv(helperVariable))
	switch {
	case len(words) == 0:
		t.Skip("is started by other tests")
	case words[0] == "open-without-bpf":
		runtime.LockOSThread()
		refuseBPF(t)
		_, err := Open(Options{RingBytes: 1 << 16, MaxDevices: 1, Hooks: words[1]})
		fmt.Println("says", classify(err, Internal))
	default:
		ifindex, err := strconv.Atoi(words[1])
		must(t, err)
		session, err := Open(Options{RingBytes: 1 << 16, MaxDevices: 4, Hooks: words[0]})
		must(t, err)
		_, err = session.Attach(ifindex, Flags{})
		must(t, err)
		fmt.Println("says attached")
		select {}
	}
}

// refuseBPF makes this thread's kernel one without eBPF.
func refuseBPF(t *testing.T) {
	t.Helper()
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the system call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_BPF, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	must(t, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	must(t, unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0))
}

// startProcess runs TestProcess in this namespace until it says something.
func startProcess(t *testing.T, format string, words ...any) (said string, kill func()) {
	t.Helper()
	process := exec.Command(os.Args[0], "-test.run=^TestProcess$")
	process.Env = append(os.Environ(), helperVariable+"="+fmt.Sprintf(format, words...))
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output, err := process.StdoutPipe()
	must(t, err)
	must(t, process.Start())
	kill = func() {
		process.Process.Kill()
		process.Wait()
	}
	t.Cleanup(kill)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if _, said, found := strings.Cut(lines.Text(), "says "); found {
			return said, kill
		}
	}
	t.Fatal("the other process ended without a word")
	return "", nil
}

// startAgent attaches to a device in another process of the same namespace.
func startAgent(t *testing.T, hooks string, ifindex int) (kill func()) {
	t.Helper()
	said, kill := startProcess(t, "%s %d", hooks, ifindex)
	if said != "attached" {
		t.Fatalf("the other agent says %s", said)
	}
	return kill
}

func TestKernelWithoutBPF(t *testing.T) {
	inNamespace(t)
	for _, hooks := range []string{"auto", "tcx", "clsact"} {
		if said, _ := startProcess(t, "open-without-bpf %s", hooks); said != string(NoBPF) {
			t.Errorf("with %s it says %s", hooks, said)
		}
	}
}

func TestAgentIsAloneAndItsTCXLinksDieWithIt(t *testing.T) {
	inNamespace(t)
	probe := openSession(t, "tcx", 1) // also skips where there is no tcx
	must(t, probe.Close())
	near, _ := makeVeth(t, "near", "far")
	kill := startAgent(t, "tcx", near)
	_, err := Open(Options{RingBytes: 1 << 16, MaxDevices: 1, Hooks: "auto"})
	wantCode(t, err, AlreadyRunning)
	kill()
	session := openSession(t, "tcx", 1)
	wantNothingAt(t, session, near)
}

func TestStaleFiltersAreRemovedAtTheNextStart(t *testing.T) {
	inNamespace(t)
	near, far := makeVeth(t, "near", "far")
	must(t, netlink.QdiscAdd(clsact(far)))
	other := newCounter(t)
	addForeign(t, far, other, 5, 1)
	startAgent(t, "clsact", near)()
	startAgent(t, "clsact", far)() // removes what the first left at near
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	must(t, err)
	defer handle.Close()
	for _, parent := range parents {
		if filters, err := filtersOf(handle, near, parent); err != nil || len(filters) != 0 {
			t.Errorf("filters at near %v, %v", filters, err)
		}
	}
	if filters, err := filtersOf(handle, far, parentEgress); err != nil || len(filters) != 2 {
		t.Fatalf("filters at far %v, %v", filters, err)
	}
	session := openSession(t, "auto", 1)
	wantOrder(t, session, far, other.id(t))
}

func TestAnotherNamespaceHasItsOwnAgent(t *testing.T) {
	inNamespace(t)
	openSession(t, "auto", 1)
	_, err := Open(Options{RingBytes: 1 << 16, MaxDevices: 1, Hooks: "auto"})
	wantCode(t, err, AlreadyRunning)
	t.Run("other", func(t *testing.T) { // on a thread of its own
		inNamespace(t)
		openSession(t, "auto", 1)
	})
}
