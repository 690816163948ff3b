package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Code says what kind of failure it was. Callers build on these: they never change their meaning.
type Code string

const (
	NoPermission    Code = "no-permission"    // a capability lacks: BPF, NET_ADMIN or PERFMON
	NoBPF           Code = "no-bpf"           // the kernel has no eBPF, or not what we need of it
	NoBTF           Code = "no-btf"           // a type that hoplens relies on is not in the object's BTF
	NoHook          Code = "no-hook"          // the hook that was asked for does not exist here
	NoNetlink       Code = "no-netlink"       // the kernel refused to tell about devices
	NoMemory        Code = "no-memory"        // the kernel could not hold the maps
	Verifier        Code = "verifier"         // the kernel refused our programs
	AlreadyRunning  Code = "already-running"  // another agent works in this network namespace
	AlreadyOpen     Code = "already-open"     // this process has opened before
	NotOpen         Code = "not-open"         // nothing is open
	AlreadyAttached Code = "already-attached" // our programs are there
	NotAttached     Code = "not-attached"     // our programs are not there
	DeviceGone      Code = "device-gone"      // no such device, or no longer
	TableFull       Code = "table-full"       // no slot, or no place for one more endpoint
	SlotCollision   Code = "slot-collision"   // an attached device has the same lower 16 bits of ifindex
	HookFull        Code = "hook-full"        // 64 programs are there, the kernel takes no more
	QdiscConflict   Code = "qdisc-conflict"   // somebody's ingress qdisc is where clsact would have to be
	TooManyFiles    Code = "too-many-files"   // the limit of open files is reached
	BadRequest      Code = "bad-request"      // the request is not what the function takes
	Internal        Code = "internal"         // a fault of ours
)

// Error is a failure with its code and what was being done.
type Error struct {
	Code  Code
	Doing string
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Doing, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

func fail(code Code, doing string, err error) *Error { return &Error{code, doing, err} }

// failed finds the code in err itself; fallback is for what no errno explains.
func failed(fallback Code, doing string, err error) *Error {
	return &Error{classify(err, fallback), doing, err}
}

func classify(err error, fallback Code) Code {
	var known *Error
	var verifier *ebpf.VerifierError
	switch {
	case errors.As(err, &known):
		return known.Code
	case errors.Is(err, unix.EPERM):
		return NoPermission
	case errors.As(err, &verifier): // before EACCES: the verifier says that too
		return Verifier
	case errors.Is(err, unix.EACCES):
		return NoPermission
	case errors.Is(err, unix.ENODEV):
		return DeviceGone
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		return TooManyFiles
	case errors.Is(err, unix.ENOMEM):
		return NoMemory
	case errors.Is(err, unix.ENOSYS), errors.Is(err, ebpf.ErrNotSupported):
		return NoBPF
	}
	return fallback
}
