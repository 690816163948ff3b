package bpf

import (
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func TestTCXOrderAmongForeignPrograms(t *testing.T) {
	inNamespace(t)
	session := openSession(t, "tcx", 8)
	near, _ := makeVeth(t, "near", "far")
	first, second, head, tail := newCounter(t), newCounter(t), newCounter(t), newCounter(t)
	add := func(c counter, anchor link.Anchor) {
		attached, err := link.AttachTCX(link.TCXOptions{
			Interface: near, Program: c.program, Attach: ebpf.AttachTCXEgress, Anchor: anchor,
		})
		must(t, err)
		t.Cleanup(func() { attached.Close() })
	}
	add(first, link.Tail())
	add(second, link.Tail())
	attached, err := session.Attach(near, Flags{})
	must(t, err)
	if attached.Foreign != (Counts{0, 2}) {
		t.Errorf("foreign programs %+v", attached.Foreign)
	}
	own := ownID(t, session.objects.HoplensEgress)
	wantOrder(t, session, near, own, first.id(t), second.id(t))
	add(tail, link.Tail())
	add(head, link.Head())
	wantOrder(t, session, near, head.id(t), own, first.id(t), second.id(t), tail.id(t))

	sendFrames(t, near, 3)
	for _, c := range []counter{first, second, head, tail} {
		if c.count(t) < 3 {
			t.Errorf("program %d ran %d times", c.id(t), c.count(t))
		}
	}
	must(t, session.Detach(near))
	wantOrder(t, session, near, head.id(t), first.id(t), second.id(t), tail.id(t))
}

func TestClsactOrderAmongForeignFilters(t *testing.T) {
	inNamespace(t)
	session := openSession(t, "clsact", 8)
	near, _ := makeVeth(t, "near", "far")
	must(t, netlink.QdiscAdd(clsact(near)))
	early, middle, shared, late := newCounter(t), newCounter(t), newCounter(t), newCounter(t)
	addForeign(t, near, late, 0, 1) // the kernel chooses: 0xc000
	addForeign(t, near, middle, 300, 1)
	attached, err := session.Attach(near, Flags{})
	must(t, err)
	if attached.Foreign != (Counts{0, 2}) {
		t.Errorf("foreign filters %+v", attached.Foreign)
	}
	own := ownID(t, session.objects.HoplensEgress)
	wantOrder(t, session, near, own, middle.id(t), late.id(t))
	// The lowest priorities are still free, for other kinds of classifiers too.
	run(t, "tc", "filter", "add", "dev", "near", "egress", "prio", "1", "protocol", "ip", "u32", "match", "u32", "0", "0", "classid", "1:1")
	addForeign(t, near, early, 2, 1)
	addForeign(t, near, shared, preferredPriority, 1)
	wantOrder(t, session, near, 0, early.id(t), shared.id(t), own, middle.id(t), late.id(t))

	sendFrames(t, near, 3)
	for _, c := range []counter{early, middle, shared, late} {
		if c.count(t) < 3 {
			t.Errorf("program %d ran %d times", c.id(t), c.count(t))
		}
	}
	// Attached anew it is first again, as far as a u32 at priority 1 allows.
	must(t, session.Detach(near))
	wantOrder(t, session, near, 0, early.id(t), shared.id(t), middle.id(t), late.id(t))
	_, err = session.Attach(near, Flags{})
	must(t, err)
	wantOrder(t, session, near, 0, own, early.id(t), shared.id(t), middle.id(t), late.id(t))
	must(t, session.Detach(near))
	if kind, err := qdiscKind(session.netlink, near); err != nil || kind != "clsact" {
		t.Errorf("somebody's qdisc is now %q, %v", kind, err)
	}
}

// As Cilium does: priority 1, handle 1, replaced at every regeneration.
func TestClsactSharesTheFirstPriority(t *testing.T) {
	inNamespace(t)
	session := openSession(t, "clsact", 8)
	near, _ := makeVeth(t, "near", "far")
	must(t, netlink.QdiscAdd(clsact(near)))
	old, fresh := newCounter(t), newCounter(t)
	addForeign(t, near, old, 1, 1)
	_, err := session.Attach(near, Flags{})
	must(t, err)
	own := ownID(t, session.objects.HoplensEgress)
	wantOrder(t, session, near, own, old.id(t))
	must(t, netlink.FilterReplace(foreignFilter(near, fresh, 1, 1)))
	wantOrder(t, session, near, own, fresh.id(t))
	must(t, session.Detach(near))
	wantOrder(t, session, near, fresh.id(t))
}

// Removing it would drop packets (clsact.go).
func TestClsactQdiscStaysWhenOurFiltersGo(t *testing.T) {
	inNamespace(t)
	session := openSession(t, "clsact", 8)
	near, _ := makeVeth(t, "near", "far")
	_, err := session.Attach(near, Flags{})
	must(t, err)
	must(t, session.Detach(near))
	wantNothingAt(t, session, near)
	if kind, err := qdiscKind(session.netlink, near); err != nil || kind != "clsact" {
		t.Errorf("the qdisc is now %q, %v", kind, err)
	}
	other := newCounter(t)
	addForeign(t, near, other, 5, 1)
	_, err = session.Attach(near, Flags{})
	must(t, err)
	must(t, session.Detach(near))
	wantOrder(t, session, near, other.id(t))
}

func TestIngressQdiscIsNotReplaced(t *testing.T) {
	inNamespace(t)
	session := openSession(t, "clsact", 8)
	near, _ := makeVeth(t, "near", "far")
	run(t, "tc", "qdisc", "add", "dev", "near", "ingress")
	run(t, "tc", "filter", "add", "dev", "near", "ingress", "protocol", "ip", "u32", "match", "u32", "0", "0", "classid", "1:1")
	_, err := session.Attach(near, Flags{})
	wantCode(t, err, QdiscConflict)
	programs, err := session.Programs(near)
	must(t, err)
	if programs.foreign() != (Counts{1, 0}) || programs.Ingress[0].Name != "u32" {
		t.Errorf("programs %+v", programs)
	}
}

func TestTCXAndClsactAreListedTogether(t *testing.T) {
	inNamespace(t)
	session := openSession(t, "tcx", 8)
	near, _ := makeVeth(t, "near", "far")
	must(t, netlink.QdiscAdd(clsact(near)))
	other := newCounter(t)
	addForeign(t, near, other, 5, 1)
	_, err := session.Attach(near, Flags{})
	must(t, err)
	wantOrder(t, session, near, ownID(t, session.objects.HoplensEgress), other.id(t))
	programs, err := session.Programs(near)
	must(t, err)
	want := []Program{
		{Hook: "tcx", Name: "hoplens_egress", ID: programs.Egress[0].ID, Own: true},
		{Hook: "clsact", Name: "foreign", ID: other.id(t), Priority: 5},
	}
	if !slices.Equal(programs.Egress, want) {
		t.Errorf("programs %+v, want %+v", programs.Egress, want)
	}
}

func TestFirstPriority(t *testing.T) {
	at := func(priority uint16, protocol uint16) netlink.FilterAttrs {
		return netlink.FilterAttrs{Priority: priority, Protocol: protocol}
	}
	program := func(priority uint16) netlink.Filter {
		return &netlink.BpfFilter{FilterAttrs: at(priority, unix.ETH_P_ALL)}
	}
	for _, c := range []struct {
		filters []netlink.Filter
		want    uint16
	}{
		{nil, preferredPriority},
		{[]netlink.Filter{program(0xc000)}, preferredPriority},
		{[]netlink.Filter{program(preferredPriority)}, preferredPriority - 1},
		{[]netlink.Filter{program(2), program(9)}, 1},
		{[]netlink.Filter{program(1)}, 1},
		{[]netlink.Filter{&netlink.U32{FilterAttrs: at(1, unix.ETH_P_ALL)}}, 2},
		{[]netlink.Filter{&netlink.BpfFilter{FilterAttrs: at(1, unix.ETH_P_IP)}, &netlink.U32{FilterAttrs: at(2, unix.ETH_P_ALL)}}, 3},
		{[]netlink.Filter{&netlink.U32{FilterAttrs: at(1, unix.ETH_P_ALL)}, program(2)}, 2},
	} {
		if got := firstPriority(c.filters); got != c.want {
			t.Errorf("priority %d, want %d before %v", got, c.want, c.filters)
		}
	}
}

func foreignFilter(ifindex int, c counter, priority uint16, handle uint32) *netlink.BpfFilter {
	return &netlink.BpfFilter{
		FilterAttrs: netlink.FilterAttrs{
			LinkIndex: ifindex, Parent: parentEgress, Handle: handle, Protocol: unix.ETH_P_ALL, Priority: priority,
		},
		Fd: c.program.FD(), Name: "foreign", DirectAction: true,
	}
}

func addForeign(t *testing.T, ifindex int, c counter, priority uint16, handle uint32) {
	t.Helper()
	must(t, netlink.FilterAdd(foreignFilter(ifindex, c, priority, handle)))
}

func ownID(t *testing.T, program *ebpf.Program) int {
	t.Helper()
	id, err := programID(program)
	must(t, err)
	return int(id)
}

// wantOrder compares program ids at egress; 0 stands for a classifier that is no program.
func wantOrder(t *testing.T, session *Session, ifindex int, want ...int) {
	t.Helper()
	programs, err := session.Programs(ifindex)
	must(t, err)
	var got []int
	for _, program := range programs.Egress {
		got = append(got, program.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("programs %v, want %v", got, want)
	}
}
