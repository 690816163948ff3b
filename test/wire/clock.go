package main

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// nanotime is CLOCK_MONOTONIC in nanoseconds, the clock of the agents' records. Go's own monotonic readings come
// without a system call but count from an unknown zero, which is measured once.
func nanotime() int64 { return zero + int64(time.Since(start)) }

var (
	start = time.Now()
	zero  = monotonicAtStart()
)

func monotonicAtStart() int64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return now.Nano() - int64(time.Since(start))
}

// alarm wakes a goroutine at a time to the nanosecond. Go's timers wait in whole milliseconds when the process is
// idle (epoll_wait), a timerfd does not.
type alarm struct {
	fd   int
	file *os.File
}

func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return &alarm{fd, os.NewFile(uintptr(fd), "timerfd")}, nil
}

// set replaces what was set before; a time in the past rings at once.
func (a *alarm) set(at int64) {
	value := unix.ItimerSpec{Value: unix.NsecToTimespec(max(at, 1))}
	_ = unix.TimerfdSettime(a.fd, unix.TFD_TIMER_ABSTIME, &value, nil)
}

func (a *alarm) wait() error {
	var count [8]byte
	_, err := a.file.Read(count[:])
	return err
}
