package bpf

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// follower keeps what its watcher ever said.
type follower struct {
	*watcher
	seen []any
}

func openWatcher(t *testing.T) *follower {
	t.Helper()
	inNamespace(t)
	watcher, err := newWatcher()
	must(t, err)
	t.Cleanup(watcher.close)
	return &follower{watcher: watcher}
}

func drainAll(t *testing.T, w *follower) (events []any) {
	t.Helper()
	for {
		drained, err := w.drain(16)
		must(t, err)
		if drained.Lost != 0 {
			t.Fatalf("%d events lost", drained.Lost)
		}
		if len(drained.Events) == 0 {
			return events
		}
		if len(drained.Events) > 16 {
			t.Fatalf("%d events, asked for 16", len(drained.Events))
		}
		events = append(events, drained.Events...)
		w.seen = append(w.seen, drained.Events...)
	}
}

// last finds the newest event that the condition takes: an object is as its last event says.
func last[Event any](t *testing.T, events []any, what string, condition func(Event) bool) (found Event) {
	t.Helper()
	for _, event := range slices.Backward(events) {
		if typed, ok := event.(Event); ok && condition(typed) {
			return typed
		}
	}
	t.Fatalf("no %s among %+v", what, events)
	return found
}

// await drains until the event was there: the kernel announces some changes from a work queue.
func await[Event any](t *testing.T, w *follower, what string, condition func(Event) bool) (found Event) {
	t.Helper()
	waitFor(t, func() bool {
		drainAll(t, w)
		return slices.ContainsFunc(w.seen, func(event any) bool {
			typed, ok := event.(Event)
			return ok && condition(typed)
		})
	})
	return last(t, w.seen, what, condition)
}

func TestFirstDrainIsASnapshot(t *testing.T) {
	w := openWatcher(t)
	near, far := makeVeth(t, "near", "far")
	run(t, "ip", "address", "add", "10.1.2.3/24", "dev", "near")
	run(t, "ip", "route", "add", "default", "via", "10.1.2.1", "metric", "7")
	run(t, "ip", "neighbour", "add", "10.1.2.1", "lladdr", "02:00:00:00:00:01", "dev", "near")
	events := drainAll(t, w)
	end := slices.Index(events, any(Mark{"snapshot-end"}))
	if events[0] != any(Mark{"snapshot-begin"}) || end < 0 {
		t.Fatalf("no snapshot: %+v", events)
	}
	events = events[:end]
	link := last(t, events, "link", func(l Link) bool { return l.Name == "near" })
	if link.Ifindex != near || link.LinkType != "veth" || link.Arphrd != 1 || !link.Up || link.MTU != 1500 ||
		link.PeerNsid != -1 || link.PeerIfindex != far || link.MAC == "" {
		t.Errorf("link %+v", link)
	}
	if lo := last(t, events, "lo", func(l Link) bool { return l.Ifindex == loopback }); lo.LinkType != "" || lo.Arphrd != 772 {
		t.Errorf("loopback %+v", lo)
	}
	want := Address{"address", near, netip.MustParseAddr("10.1.2.3"), 24, false}
	last(t, events, "address", func(a Address) bool { return a == want })
	route := last(t, events, "default route", func(r Route) bool { return r.Default })
	if route.Gateway.String() != "10.1.2.1" || route.Ifindex != near || route.Table != unix.RT_TABLE_MAIN || route.Metric != 7 ||
		route.Destination.String() != "0.0.0.0/0" {
		t.Errorf("route %+v", route)
	}
	neighbour := last(t, events, "neighbour", func(n Neighbour) bool { return n.Ifindex == near })
	if neighbour.IP.String() != "10.1.2.1" || neighbour.MAC != "02:00:00:00:00:01" || neighbour.State != "permanent" {
		t.Errorf("neighbour %+v", neighbour)
	}
}

func TestChangesFollow(t *testing.T) {
	w := openWatcher(t)
	near, _ := makeVeth(t, "near", "far")
	drainAll(t, w)
	change := func(command string) { t.Helper(); run(t, strings.Fields(command)...) }
	to := func(destination string, gone bool) func(Route) bool {
		return func(r Route) bool { return r.Destination.String() == destination && r.Gone == gone }
	}
	change("ip address add fd00::1/64 dev near nodad")
	await(t, w, "route", func(r Route) bool { return to("fd00::/64", false)(r) && r.Ifindex == near && !r.Default })
	change("ip address add fd00::2/64 dev near nodad")
	await(t, w, "address", func(a Address) bool { return a.IP.String() == "fd00::2" && a.Prefix == 64 && !a.Gone })
	change("ip address del fd00::2/64 dev near")
	await(t, w, "address going", func(a Address) bool { return a.IP.String() == "fd00::2" && a.Gone })

	change("ip address add 10.1.2.3/24 dev near")
	change("ip route add 10.9.0.0/16 nexthop via 10.1.2.4 dev near nexthop via 10.1.2.5 dev near")
	route := await(t, w, "multipath route", to("10.9.0.0/16", false))
	if len(route.Nexthops) != 2 || route.Gateway.String() != "10.1.2.4" || route.Nexthops[1].Gateway.String() != "10.1.2.5" {
		t.Errorf("route %+v", route)
	}
	change("ip route replace 10.9.0.0/16 via 10.1.2.6 dev near")
	await(t, w, "replaced route", func(r Route) bool { return r.Replaced && r.Gateway.String() == "10.1.2.6" })
	change("ip route del 10.9.0.0/16")
	await(t, w, "route going", to("10.9.0.0/16", true))
	change("ip route add blackhole 10.8.0.0/16")
	await(t, w, "route that leads nowhere", func(r Route) bool { return r.Refusal == "blackhole" && !r.Replaced })
	change("ip rule add from 10.1.2.3 lookup 100")
	await(t, w, "routing rule", func(r RoutingRule) bool { return !r.Gone })
	change("ip route add default via inet6 fe80::1 dev near")
	await(t, w, "route by way of the other family", func(r Route) bool { return r.Gateway.String() == "fe80::1" && r.Default })

	change("ip neighbour add 10.1.2.9 lladdr 02:00:00:00:00:09 dev near")
	change("ip neighbour del 10.1.2.9 dev near")
	await(t, w, "neighbour going", func(n Neighbour) bool { return n.IP.String() == "10.1.2.9" && n.Gone })

	change("ip link set near down") // one that is up can be renamed since 6.2
	change("ip link set near name renamed mtu 1400")
	await(t, w, "renamed link", func(l Link) bool { return l.Name == "renamed" && l.MTU == 1400 && l.Ifindex == near })
	change("ip link del renamed")
	await(t, w, "link going", func(l LinkGone) bool { return l.Ifindex == near && l.Name == "renamed" })
}

// A port that leaves its bridge is announced in the bridge's family as deleted: it is not.
func TestBridgePortsComeAndGo(t *testing.T) {
	w := openWatcher(t)
	near, _ := makeVeth(t, "near", "far")
	run(t, "ip", "link", "add", "bridge0", "type", "bridge")
	bridge := up(t, "bridge0")
	drainAll(t, w)
	run(t, "ip", "link", "set", "near", "master", "bridge0")
	last(t, drainAll(t, w), "port", func(l Link) bool { return l.Ifindex == near && l.Master == bridge })
	run(t, "ip", "link", "set", "near", "nomaster")
	events := drainAll(t, w)
	if freed := last(t, events, "former port", func(l Link) bool { return l.Ifindex == near }); freed.Master != 0 {
		t.Errorf("link %+v", freed)
	}
	if slices.ContainsFunc(events, func(e any) bool { _, gone := e.(LinkGone); return gone }) {
		t.Errorf("a port that left its bridge is said to be gone: %+v", events)
	}
}

func TestPeerInAnotherNamespace(t *testing.T) {
	w := openWatcher(t)
	near, far := makeVeth(t, "near", "far")
	drainAll(t, w)
	other := otherNamespace(t)
	must(t, netlink.LinkSetNsPid(device(far), other))
	await(t, w, "link going", func(l LinkGone) bool { return l.Ifindex == far })
	link := await(t, w, "veth with a far peer", func(l Link) bool { return l.Ifindex == near && l.PeerNsid >= 0 })
	if link.PeerIfindex != far {
		t.Errorf("link %+v, its peer is %d", link, far)
	}
	await(t, w, "namespace", func(n Nsid) bool { return n.Nsid == link.PeerNsid && !n.Gone })
	again, err := newWatcher()
	must(t, err)
	defer again.close()
	snapshot := drainAll(t, &follower{watcher: again})
	last(t, snapshot, "namespace", func(n Nsid) bool { return n.Nsid == link.PeerNsid })
	last(t, snapshot, "link", func(l Link) bool { return l.Ifindex == near && l.PeerNsid == link.PeerNsid })
}

func TestVxlanIsDescribed(t *testing.T) {
	w := openWatcher(t)
	near, _ := makeVeth(t, "near", "far")
	run(t, "ip", "address", "add", "192.168.1.10/24", "dev", "near")
	run(t, strings.Fields("ip link add flannel.1 type vxlan id 1 dev near local 192.168.1.10 dstport 8472 nolearning")...)
	run(t, strings.Fields("ip link add external type vxlan external dstport 4789")...)
	events := drainAll(t, w)
	flannel := last(t, events, "flannel.1", func(l Link) bool { return l.Name == "flannel.1" })
	want := Vxlan{VNI: 1, Port: 8472, Local: netip.MustParseAddr("192.168.1.10"), Device: near}
	if flannel.LinkType != "vxlan" || flannel.Vxlan == nil || *flannel.Vxlan != want || flannel.PeerIfindex != 0 {
		t.Errorf("link %+v, vxlan %+v", flannel, flannel.Vxlan)
	}
	external := last(t, events, "external", func(l Link) bool { return l.Name == "external" })
	if external.Vxlan == nil || *external.Vxlan != (Vxlan{Port: 4789, External: true}) {
		t.Errorf("vxlan %+v", external.Vxlan)
	}
}

// What cannot be made on every kernel: tunnels as the netlink package parses them.
func TestTunnelsAreDescribed(t *testing.T) {
	local, remote := net.IPv4(10, 0, 0, 1), net.IPv4(10, 0, 0, 2)
	ends := Tunnel{Local: netip.MustParseAddr("10.0.0.1"), Remote: netip.MustParseAddr("10.0.0.2"), Device: 3}
	for _, c := range []struct {
		parsed netlink.Link
		want   Tunnel
	}{
		{&netlink.Iptun{Local: local, Remote: remote, Link: 3}, ends},
		{&netlink.Ip6tnl{Local: local, Remote: remote, Link: 3}, ends},
		{&netlink.Sittun{Local: local, Remote: remote, Link: 3}, ends},
		{&netlink.Gretun{Local: local, Remote: remote, Link: 3}, ends},
		{&netlink.Gretap{Local: local, Remote: remote, Link: 3}, ends},
		{&netlink.Geneve{ID: 5, Dport: 6081, Remote: remote}, Tunnel{VNI: 5, Port: 6081, Remote: ends.Remote}},
		{&netlink.Iptun{Local: net.IPv4zero, Remote: net.IPv4zero}, Tunnel{}},
	} {
		var link Link
		describeTunnel(c.parsed, &link)
		if link.Tunnel == nil || *link.Tunnel != c.want {
			t.Errorf("%s is described as %+v, want %+v", c.parsed.Type(), link.Tunnel, c.want)
		}
	}
}

func TestOverflowBringsASnapshot(t *testing.T) {
	w := openWatcher(t)
	drainAll(t, w)
	must(t, unix.SetsockoptInt(w.socket.GetFd(), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096))
	for i := range 20 {
		run(t, "ip", "link", "add", fmt.Sprintf("bridge%d", i), "type", "bridge")
	}
	events := drainAll(t, w)
	begin := slices.Index(events, any(Mark{"snapshot-begin"}))
	if begin < 0 {
		t.Fatal("netlink lost events and no snapshot followed")
	}
	for i := range 20 {
		name := fmt.Sprintf("bridge%d", i)
		last(t, events[begin:], name, func(l Link) bool { return l.Name == name && l.LinkType == "bridge" })
	}
}

func TestHostileMessages(t *testing.T) {
	kinds := []uint16{
		unix.RTM_NEWLINK, unix.RTM_DELLINK, unix.RTM_NEWADDR, unix.RTM_NEWROUTE, unix.RTM_NEWNEIGH, unix.RTM_NEWNSID, 9999,
	}
	random := rand.New(rand.NewPCG(1, 2))
	w := &watcher{}
	for range 50_000 {
		message := make([]byte, random.IntN(200))
		for i := range message {
			message[i] = byte(random.Uint32() >> random.IntN(8) & 0x3f) // small numbers: lengths that nearly fit
		}
		w.add(kinds[random.IntN(len(kinds))], 0, message)
	}
	if w.lost == 0 {
		t.Error("nothing of it was refused")
	}
}
