package bpf

import (
	"errors"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// device names one by its ifindex alone.
func device(ifindex int) netlink.Link {
	return &netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Index: ifindex}}
}

func clsact(ifindex int) netlink.Qdisc {
	return &netlink.Clsact{QdiscAttrs: netlink.QdiscAttrs{
		LinkIndex: ifindex, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_CLSACT,
	}}
}

// qdiscKind is clsact or ingress, which exclude each other; empty where the device has neither.
func qdiscKind(handle *netlink.Handle, ifindex int) (string, error) {
	qdiscs, err := handle.QdiscList(device(ifindex))
	if err != nil {
		return "", err
	}
	for _, qdisc := range qdiscs {
		if qdisc.Attrs().Parent == netlink.HANDLE_CLSACT {
			return qdisc.Type(), nil
		}
	}
	return "", nil
}

func ownName(name string) bool { return name == filterName }

// filtersOf lists filters of the first chain (the others run only when one of it jumps there), in the order in which they
// run; none where there is no clsact.
func filtersOf(handle *netlink.Handle, ifindex int, parent uint32) ([]netlink.Filter, error) {
	all, err := handle.FilterList(device(ifindex), parent)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil, nil
	}
	filters := all[:0]
	for _, filter := range all {
		if chain := filter.Attrs().Chain; chain == nil || *chain == 0 {
			filters = append(filters, filter)
		}
	}
	return filters, err
}

func anyFilter(filters []netlink.Filter, wanted func(*netlink.BpfFilter) bool) bool {
	for _, filter := range filters {
		if bpf, ok := filter.(*netlink.BpfFilter); ok && wanted(bpf) {
			return true
		}
	}
	return false
}

func removeFilters(handle *netlink.Handle, ifindex int, parent uint32, wanted func(*netlink.BpfFilter) bool) error {
	filters, err := filtersOf(handle, ifindex, parent)
	if err != nil {
		return err
	}
	for _, filter := range filters {
		if bpf, ok := filter.(*netlink.BpfFilter); ok && wanted(bpf) {
			bpf.Fd = -1 // the id suffices
			if err := handle.FilterDel(bpf); err != nil && !errors.Is(err, unix.ENOENT) {
				return err
			}
		}
	}
	return nil
}

func deviceIsGone(handle *netlink.Handle, ifindex int) bool {
	_, err := handle.LinkByIndex(ifindex)
	var missing netlink.LinkNotFoundError
	return errors.As(err, &missing)
}

// gone puts the code right: of a missing device tc says EINVAL, ENODEV or ENOENT.
func gone(handle *netlink.Handle, ifindex int, err *Error) *Error {
	if deviceIsGone(handle, ifindex) {
		err.Code = DeviceGone
	}
	return err
}
