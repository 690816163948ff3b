package bpf

import (
	"errors"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// tcxHooks are links: they go with their file descriptor, and with the process whatever happens to it.
type tcxHooks struct{ programs *hoplensPrograms }

type tcxAttachment struct{ ingress, egress link.Link }

func (h tcxHooks) name() string { return "tcx" }

func (h tcxHooks) attach(ifindex int) (attachment, error) {
	ingress, err := attachTCX(ifindex, h.programs.HoplensIngress, ebpf.AttachTCXIngress)
	if err != nil {
		return nil, err
	}
	egress, err := attachTCX(ifindex, h.programs.HoplensEgress, ebpf.AttachTCXEgress)
	if err != nil {
		ingress.Close()
		return nil, err
	}
	return tcxAttachment{ingress, egress}, nil
}

// At the head: others end the chain, and whoever sits behind them sees nothing.
func attachTCX(ifindex int, program *ebpf.Program, at ebpf.AttachType) (link.Link, error) {
	attached, err := link.AttachTCX(link.TCXOptions{Interface: ifindex, Program: program, Attach: at, Anchor: link.Head()})
	const doing = "attaching to tcx"
	switch {
	case err == nil:
		return attached, nil
	case errors.Is(err, unix.EEXIST):
		return nil, fail(AlreadyAttached, doing, err)
	case errors.Is(err, unix.ERANGE):
		return nil, fail(HookFull, doing, err)
	}
	return nil, failed(Internal, doing, err)
}

// alive tells whether the device is still there: the kernel then takes its links off, but lets us hold them.
func (a tcxAttachment) alive() bool {
	for _, one := range []link.Link{a.ingress, a.egress} {
		info, err := one.Info()
		if err != nil || info.TCX() == nil || info.TCX().Ifindex == 0 {
			return false
		}
	}
	return true
}

func (a tcxAttachment) detach() error {
	return errors.Join(a.ingress.Close(), a.egress.Close())
}

// tcxPrograms are in the order in which they run.
func tcxPrograms(ifindex int, at ebpf.AttachType) ([]link.AttachedProgram, error) {
	result, err := link.QueryPrograms(link.QueryOptions{Target: ifindex, Attach: at})
	if errors.Is(err, unix.EINVAL) { // an attach type that this kernel does not know
		return nil, link.ErrNotSupported
	}
	if err != nil {
		return nil, err
	}
	return result.Programs, nil
}
