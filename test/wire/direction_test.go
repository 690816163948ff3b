package main

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// bench is a direction whose clock and far end are the test's.
type bench struct {
	*direction
	sent  []byte // first payload byte of each frame that came out
	log   bytes.Buffer
	alarm int64
}

func (b *bench) Write(frame []byte) (int, error) {
	b.sent = append(b.sent, frame[len(frame)-1])
	return len(frame), nil
}

func newBench(t *testing.T, text string) *bench {
	t.Helper()
	b := &bench{}
	b.direction = newDirection("a>b", b, newEventLog(&b.log, func(err error) { t.Error(err) }), 7, func(at int64) { b.alarm = at })
	r, err := parseRules([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b.setRules(r)
	return b
}

// numbered is a frame of 100 bytes that ends with its number; not IP.
func numbered(n byte) []byte {
	frame := make([]byte, 100)
	frame[99] = n
	return frame
}

func (b *bench) events(t *testing.T) (all []event) {
	t.Helper()
	b.direction.log.flush()
	for _, line := range strings.Split(strings.TrimSpace(b.log.String()), "\n") {
		var e event
		if line == "" {
			continue
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func (b *bench) expect(t *testing.T, want ...byte) {
	t.Helper()
	if !slices.Equal(b.sent, want) {
		t.Fatalf("sent %v, want %v", b.sent, want)
	}
}

func TestWithoutRulesFramesPassAtOnce(t *testing.T) {
	b := newBench(t, `{}`)
	for n := byte(1); n <= 3; n++ {
		b.carry(numbered(n), int64(n))
	}
	b.expect(t, 1, 2, 3)
	if e := b.events(t); len(e) != 0 {
		t.Fatalf("untouched frames were written down: %v", e)
	}
}

func TestDropsAreWrittenDown(t *testing.T) {
	b := newBench(t, `{"dropEvery": 2}`)
	for n := byte(1); n <= 4; n++ {
		b.carry(numbered(n), int64(n)*1000)
	}
	b.expect(t, 1, 3)
	want := []event{
		{TimeNs: 2000, Direction: "a>b", Frame: 2, Matched: 2, Action: "drop", Why: "every", Length: 100},
		{TimeNs: 4000, Direction: "a>b", Frame: 4, Matched: 4, Action: "drop", Why: "every", Length: 100},
	}
	if got := b.events(t); !reflect.DeepEqual(got, want) {
		t.Fatalf("log %+v", got)
	}
	if got, want := b.count(), (counters{Frames: 4, Bytes: 400, Dropped: 2, Delivered: 2}); got != want {
		t.Fatalf("counters %+v, want %+v", got, want)
	}
}

func TestDelayKeepsOrderAndAsksForItsAlarm(t *testing.T) {
	b := newBench(t, `{"delayMs": 1, "jitterMs": 5}`)
	for n := byte(1); n <= 20; n++ {
		b.carry(numbered(n), int64(n)*10_000)
	}
	b.expect(t)
	for len(b.sent) < 20 {
		before, at := len(b.sent), b.alarm
		b.deliver(at - 1)
		if len(b.sent) != before {
			t.Fatal("a frame left before it was due")
		}
		b.deliver(at)
		if len(b.sent) == before {
			t.Fatal("the alarm rang for nothing")
		}
	}
	if !slices.IsSorted(b.sent) {
		t.Fatalf("jitter changed the order: %v", b.sent)
	}
}

func TestDuplicates(t *testing.T) {
	b := newBench(t, `{"duplicate": 1}`)
	b.carry(numbered(1), 1)
	b.carry(numbered(2), 2)
	b.expect(t, 1, 1, 2, 2)
	if e := b.events(t); len(e) != 2 || e[0].Action != "duplicate" || b.count().Duplicated != 2 || b.count().Delivered != 4 {
		t.Fatalf("log %+v, counters %+v", e, b.count())
	}
}

// reorderOnce makes a rule that reorders the first matching frame only.
func reorderFirst(b *bench, now int64) {
	b.rules.Reorder = 1
	b.carry(numbered(1), now)
	b.rules.Reorder = 0
}

func TestAReorderedFrameIsOvertakenAsOftenAsAsked(t *testing.T) {
	b := newBench(t, `{"reorderFrames": 2}`)
	reorderFirst(b, 1000)
	for n := byte(2); n <= 4; n++ {
		b.carry(numbered(n), int64(n)*1000)
	}
	b.expect(t, 2, 3, 1, 4)
	want := event{TimeNs: 1000, Direction: "a>b", Frame: 1, Matched: 1, Action: "reorder", Why: "reorder", Length: 100, DelayNs: 2000, Overtaken: 2}
	if got := b.events(t); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Fatalf("log %+v", got)
	}
}

func TestAReorderedFrameKeepsItsDelayAndItsPlaceAmongDelayedOnes(t *testing.T) {
	b := newBench(t, `{"delayMs": 1}`)
	reorderFirst(b, 1000)
	b.carry(numbered(2), 2000)
	b.carry(numbered(3), 3000)
	b.deliver(1_001_999)
	b.expect(t)
	b.deliver(1_002_000)
	b.expect(t, 2, 1)
	b.deliver(1_003_000)
	b.expect(t, 2, 1, 3)
}

func TestAFrameThatNobodyOvertakesIsLateAndNotReordered(t *testing.T) {
	b := newBench(t, `{"reorderMs": 5}`)
	reorderFirst(b, 1000)
	b.deliver(5_000_999)
	b.expect(t)
	b.deliver(5_001_000)
	b.expect(t, 1)
	if e := b.events(t); len(e) != 1 || e[0].Action != "delay" || e[0].Why != "reorder" || e[0].DelayNs != 5_000_000 || b.count().Reordered != 0 {
		t.Fatalf("log %+v, counters %+v", e, b.count())
	}
	b.carry(numbered(2), 6_000_000)
	b.expect(t, 1, 2)
}

func TestRateSpacesFramesAndItsQueueOverflows(t *testing.T) {
	b := newBench(t, `{"rateMbit": 8, "queueBytes": 250, "logDelays": true}`) // 100 bytes take 100 µs
	for n := byte(1); n <= 4; n++ {
		b.carry(numbered(n), 0)
	}
	b.deliver(99_999)
	b.expect(t)
	b.deliver(100_000)
	b.expect(t, 1)
	b.deliver(200_000)
	b.expect(t, 1, 2)
	e := b.events(t)
	if len(e) != 4 || e[0].Why != "queue" || e[0].Frame != 3 || e[1].Why != "queue" || e[2].DelayNs != 100_000 || e[3].DelayNs != 200_000 {
		t.Fatalf("log %+v", e)
	}
}

func TestOnlyMatchingFramesAreTouchedAndCounted(t *testing.T) {
	b := newBench(t, `{"match": {"protocol": "icmp"}, "dropFrom": 1, "dropTo": 1}`)
	b.carry(numbered(9), 1)
	b.carry(vxlanPing, 2)
	b.carry(vxlanPing, 3)
	b.expect(t, 9, vxlanPing[len(vxlanPing)-1])
	if e := b.events(t); len(e) != 1 || e[0].Frame != 2 || e[0].Matched != 1 || *e[0].Packet.ICMPSequence != 5 {
		t.Fatalf("log %+v", e)
	}
}

func TestNewRulesCountFromOneAgain(t *testing.T) {
	b := newBench(t, `{}`)
	b.carry(numbered(1), 1)
	b.setRules(rules{DropFrom: 1, DropTo: 1})
	b.carry(numbered(2), 2)
	b.carry(numbered(3), 3)
	b.expect(t, 1, 3)
}

type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestARefusedFrameIsCounted(t *testing.T) {
	d := newDirection("a>b", refusing{}, newEventLog(io.Discard, func(error) {}), 1, func(int64) {})
	d.carry(numbered(1), 1)
	if got := d.count(); got.Refused != 1 || got.Delivered != 0 {
		t.Fatalf("%+v", got)
	}
}

func TestALogThatCannotBeWrittenSaysSoOnce(t *testing.T) {
	var failures int
	log := newEventLog(refusing{}, func(error) { failures++ })
	log.write(event{})
	log.flush()
	log.flush()
	if failures != 1 {
		t.Fatalf("told %d times", failures)
	}
}
