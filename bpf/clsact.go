package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

/*
How clsact orders programs (net/sched/cls_api.c, cls_bpf.c): filters run by rising priority, those of one priority and
protocol newest first. A priority belongs to one kind of classifier and one protocol; another kind is refused there, so
that ours would lock others out of the lowest ones. Without a wish the kernel gives 0x8000 to 0xc000. So we take
preferredPriority, or the one before the lowest that is in use, and share priority 1 where it is in use by a bpf filter
for all protocols. The handle is our own: whoever replaces "handle 1" replaces his filter, not ours.

The qdisc stays, empty, when our filters go: adding or removing one switches the whole device off for a moment (qdisc_graft
calls dev_deactivate), and packets that leave then are dropped: at 500 packets/s 28 of them in 40 times, measured. So what
cannot be helped happens once per device and never at our end or restart. An empty clsact costs nothing per packet.
*/
const (
	preferredPriority = 16
	filterHandle      = 0x686f706c // "hopl"
	filterName        = "hoplens"
	parentIngress     = netlink.HANDLE_MIN_INGRESS
	parentEgress      = netlink.HANDLE_MIN_EGRESS
)

// clsactHooks are filters: they outlive the process, removeStale takes them away at the next start.
type clsactHooks struct {
	programs *hoplensPrograms
	netlink  *netlink.Handle
}

type clsactAttachment struct {
	netlink  *netlink.Handle
	ifindex  int
	programs [2]ebpf.ProgramID // ingress, egress
}

func (h clsactHooks) name() string { return "clsact" }

func (h clsactHooks) attach(ifindex int) (attachment, error) {
	err := addClsact(h.netlink, ifindex)
	if err != nil {
		return nil, gone(h.netlink, ifindex, failed(NoHook, "adding a clsact qdisc", err))
	}
	attached := clsactAttachment{netlink: h.netlink, ifindex: ifindex}
	for i, program := range []*ebpf.Program{h.programs.HoplensIngress, h.programs.HoplensEgress} {
		if attached.programs[i], err = programID(program); err == nil {
			err = addFilter(h.netlink, ifindex, parents[i], program)
		}
		if err != nil {
			attached.detach()
			return nil, gone(h.netlink, ifindex, failed(Internal, "adding a clsact filter", err))
		}
	}
	return attached, nil
}

var parents = [2]uint32{parentIngress, parentEgress}

func (a clsactAttachment) alive() bool {
	for i, parent := range parents {
		filters, err := filtersOf(a.netlink, a.ifindex, parent)
		if err != nil || !anyFilter(filters, a.isOurs(i)) {
			return false
		}
	}
	return true
}

func (a clsactAttachment) isOurs(direction int) func(*netlink.BpfFilter) bool {
	return func(f *netlink.BpfFilter) bool { return ownName(f.Name) && f.Id == int(a.programs[direction]) }
}

// detach finds nothing to do where the device, its qdisc or the filters are gone.
func (a clsactAttachment) detach() error {
	var problems []error
	for i, parent := range parents {
		problems = append(problems, removeFilters(a.netlink, a.ifindex, parent, a.isOurs(i)))
	}
	err := errors.Join(problems...)
	if err == nil || deviceIsGone(a.netlink, a.ifindex) {
		return nil
	}
	return failed(Internal, "removing clsact filters", err)
}

// addClsact is content with one that is there.
func addClsact(handle *netlink.Handle, ifindex int) error {
	err := handle.QdiscAdd(clsact(ifindex))
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	kind, err := qdiscKind(handle, ifindex)
	if err == nil && kind != "clsact" {
		err = fail(QdiscConflict, "adding a clsact qdisc", fmt.Errorf("somebody's %s qdisc is there, which has no egress", kind))
	}
	return err
}

func addFilter(handle *netlink.Handle, ifindex int, parent uint32, program *ebpf.Program) error {
	filters, err := filtersOf(handle, ifindex, parent)
	if err != nil {
		return err
	}
	err = handle.FilterAdd(&netlink.BpfFilter{
		FilterAttrs: netlink.FilterAttrs{
			LinkIndex: ifindex, Parent: parent, Handle: filterHandle,
			Protocol: unix.ETH_P_ALL, Priority: firstPriority(filters),
		},
		Fd: program.FD(), Name: filterName, DirectAction: true,
	})
	if errors.Is(err, unix.EEXIST) {
		return fail(AlreadyAttached, "adding a clsact filter", err)
	}
	return err
}

// firstPriority is where a filter added now runs before all others, or as early as they allow.
func firstPriority(filters []netlink.Filter) uint16 {
	taken := map[uint16]bool{} // by a classifier beside which we cannot be
	lowest := uint16(preferredPriority + 1)
	for _, filter := range filters {
		lowest = min(lowest, filter.Attrs().Priority)
		taken[filter.Attrs().Priority] = filter.Type() != "bpf" || filter.Attrs().Protocol != unix.ETH_P_ALL
	}
	if lowest > 1 {
		return lowest - 1
	}
	priority := uint16(1)
	for taken[priority] {
		priority++
	}
	return priority
}

// removeStale removes the filters that an earlier agent of this network namespace left behind.
func removeStale(handle *netlink.Handle) error {
	qdiscs, err := handle.QdiscList(nil)
	if err != nil {
		return failed(NoNetlink, "listing queueing disciplines", err)
	}
	var problems []error
	for _, qdisc := range qdiscs {
		if qdisc.Type() != "clsact" {
			continue
		}
		ifindex := qdisc.Attrs().LinkIndex
		if err := removeStaleFrom(handle, ifindex); err != nil && !deviceIsGone(handle, ifindex) {
			problems = append(problems, err)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return failed(Internal, "removing an earlier agent's clsact filters", err)
	}
	return nil
}

func removeStaleFrom(handle *netlink.Handle, ifindex int) error {
	stale := func(f *netlink.BpfFilter) bool { return ownName(f.Name) }
	for _, parent := range parents {
		if err := removeFilters(handle, ifindex, parent, stale); err != nil {
			return err
		}
	}
	return nil
}
