package bpf

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func openRuleWatcher(t *testing.T) *ruleWatcher {
	t.Helper()
	inNamespace(t)
	watcher, err := newRuleWatcher()
	must(t, err)
	t.Cleanup(watcher.close)
	return watcher
}

// nft runs lines of nft's own language in one transaction, of which the kernel has told everything when it returns.
func nft(t *testing.T, lines ...string) {
	t.Helper()
	command := exec.Command("nft", "-f", "-")
	command.Stdin = strings.NewReader(strings.Join(lines, "\n"))
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v %s", err, output)
	}
}

func wantChanges(t *testing.T, w *ruleWatcher, want ...TableChanges) {
	t.Helper()
	changes, err := w.drain()
	must(t, err)
	if changes.Cut || len(changes.Tables)+len(want) > 0 && !reflect.DeepEqual(changes.Tables, want) {
		t.Errorf("changes %+v, want %+v", *changes, want)
	}
}

func kubeProxySync(rules int) []string {
	lines := []string{"add table ip kube-proxy", "add chain ip kube-proxy services"}
	for i := range rules {
		lines = append(lines, fmt.Sprintf("add rule ip kube-proxy services tcp dport %d accept", i+1))
	}
	return lines
}

func TestRuleChangesAreCountedByTable(t *testing.T) {
	w := openRuleWatcher(t)
	wantChanges(t, w)
	nft(t, append(kubeProxySync(1000), "add table inet other")...)
	wantChanges(t, w, TableChanges{"ip", "kube-proxy", 1002}, TableChanges{"inet", "other", 1})
	wantChanges(t, w)
	nft(t, "delete table inet other")
	wantChanges(t, w, TableChanges{"inet", "other", 1})
}

func TestElementsThatExpireAreNoChange(t *testing.T) {
	w := openRuleWatcher(t)
	nft(t, "add table ip t", "add set ip t allowed { type ipv4_addr; }", "add set ip t banned { type ipv4_addr; flags timeout; timeout 1h; }")
	wantChanges(t, w, TableChanges{"ip", "t", 3})
	nft(t, "add element ip t allowed { 10.0.0.1, 10.0.0.2 }", "add element ip t banned { 10.0.0.3, 10.0.0.4 timeout 5m }")
	wantChanges(t, w, TableChanges{"ip", "t", 2})
	nft(t, "delete element ip t banned { 10.0.0.3 }")
	wantChanges(t, w)
}

func TestIptablesNftIsNftables(t *testing.T) {
	w := openRuleWatcher(t)
	run(t, "iptables-nft", "-A", "FORWARD", "-s", "10.0.0.1", "-j", "DROP")
	changes, err := w.drain()
	must(t, err)
	if len(changes.Tables) != 1 || changes.Tables[0].Family != "ip" || changes.Tables[0].Table != "filter" {
		t.Errorf("changes %+v", *changes)
	}
	if why := untoldRules(nil); why != "" {
		t.Errorf("said to be untold: %s", why)
	}
}

func TestIptablesLegacyIsSaidToBeUntold(t *testing.T) {
	w := openRuleWatcher(t)
	if output, err := exec.Command("iptables-legacy", "-A", "FORWARD", "-s", "10.0.0.1", "-j", "DROP").CombinedOutput(); err != nil {
		t.Skipf("needs a kernel with iptables' own tables: %s", output)
	}
	wantChanges(t, w)
	if why := untoldRules(nil); !strings.Contains(why, "iptables-legacy has tables here (filter)") {
		t.Errorf("said: %q", why)
	}
}

func TestMoreRulesThanTheSocketHolds(t *testing.T) {
	w := openRuleWatcher(t)
	must(t, unix.SetsockoptInt(w.socket.GetFd(), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096))
	nft(t, kubeProxySync(1000)...)
	changes, err := w.drain()
	must(t, err)
	if !changes.Cut {
		t.Errorf("changes %+v: not said to be cut", *changes)
	}
	nft(t, "delete table ip kube-proxy")
	if _, err := w.drain(); err != nil {
		t.Error(err)
	}
}

func TestTablesBeyondTheLimitAreCut(t *testing.T) {
	w := &ruleWatcher{counts: map[table]int{}}
	const newTable = unix.NFNL_SUBSYS_NFTABLES << 8
	for i := range maxTables + 1 {
		name := fmt.Sprintf("t%04d\x00", i)
		w.add(newTable, append([]byte{2, 0, 0, 0, byte(4 + len(name)), 0, 1, 0}, name...))
	}
	if changes := w.take(); !changes.Cut || len(changes.Tables) != maxTables || changes.Tables[0] != (TableChanges{"ip", "t0000", 1}) {
		t.Errorf("cut %v, %d tables, the first %+v", changes.Cut, len(changes.Tables), changes.Tables[0])
	}
	if changes := w.take(); changes.Cut || len(changes.Tables) != 0 {
		t.Errorf("said twice: %+v", *changes)
	}
}

func TestRulesWithoutNetAdmin(t *testing.T) {
	inNamespace(t)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	must(t, unix.Capset(&header, &none[0])) // of this thread, which ends with the test
	_, err := newRuleWatcher()
	wantCode(t, err, NoPermission)
	if why := untoldRules(err); !strings.Contains(why, "subscribing to nftables: operation not permitted") {
		t.Errorf("said: %q", why)
	}
}

func TestHostileRuleMessages(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	w := &ruleWatcher{counts: map[table]int{}}
	for range 50_000 {
		message := make([]byte, random.IntN(200))
		for i := range message {
			message[i] = byte(random.Uint32() >> random.IntN(8) & 0x3f)
		}
		w.add(unix.NFNL_SUBSYS_NFTABLES<<8|uint16(random.IntN(30)), message)
	}
	if len(w.counts) == 0 {
		t.Error("nothing of it was taken for a change")
	}
}
