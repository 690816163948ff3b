package main

import (
	"bufio"
	"encoding/json"
	"io"
	"sync"
)

// event is one thing done to one frame; test/lab/wire.ts tells what its fields mean.
type event struct {
	TimeNs    int64   `json:"timeNs"`
	Direction string  `json:"direction"`
	Frame     uint64  `json:"frame"`
	Matched   uint64  `json:"matched"`
	Action    string  `json:"action"`
	Why       string  `json:"why"`
	Length    int     `json:"length"`
	DelayNs   int64   `json:"delayNs,omitempty"`
	Overtaken int     `json:"overtaken,omitempty"`
	Packet    *packet `json:"packet,omitempty"`
}

// eventLog writes one line per event. A log that cannot be written ends the program: a wire whose deeds nobody
// can look up is of no use.
type eventLog struct {
	mutex  sync.Mutex
	out    *bufio.Writer
	fail   func(error)
	failed bool
}

func newEventLog(out io.Writer, fail func(error)) *eventLog {
	return &eventLog{out: bufio.NewWriterSize(out, 64<<10), fail: fail}
}

func (l *eventLog) write(line any) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.check(json.NewEncoder(l.out).Encode(line))
}

func (l *eventLog) flush() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.check(l.out.Flush())
}

func (l *eventLog) check(err error) {
	if err != nil && !l.failed {
		l.failed = true
		l.fail(err)
	}
}
