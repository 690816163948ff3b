package main

import (
	"io"
	"testing"
)

func pair(t *testing.T) *fabric { return switchOf(t, "a", "b") }

func switchOf(t *testing.T, names ...string) *fabric {
	t.Helper()
	log := newEventLog(io.Discard, func(err error) { t.Error(err) })
	lanes := make([][]*direction, len(names))
	for from := range names {
		lanes[from] = make([]*direction, len(names))
		for to := range names {
			if from != to {
				lanes[from][to] = newDirection(names[from]+">"+names[to], io.Discard, log, 1, func(int64) {})
			}
		}
	}
	return newFabric(lanes)
}

func between(destination, source byte) []byte {
	frame := make([]byte, 60)
	frame[5], frame[11] = destination, source
	return frame
}

func carried(f *fabric) map[string]uint64 {
	all := map[string]uint64{}
	for _, d := range f.directions() {
		if n := d.count().Frames; n > 0 {
			all[d.name] = n
		}
	}
	return all
}

func expectCarried(t *testing.T, f *fabric, want map[string]uint64) {
	t.Helper()
	got := carried(f)
	if len(got) != len(want) {
		t.Fatalf("carried %v, want %v", got, want)
	}
	for name, n := range want {
		if got[name] != n {
			t.Fatalf("carried %v, want %v", got, want)
		}
	}
}

func TestUnknownDestinationsAreFloodedKnownOnesAreNot(t *testing.T) {
	f := switchOf(t, "a", "b", "c")
	f.forward(between(2, 1), 0, 0) // 2 is unknown, 1 is learnt at a
	expectCarried(t, f, map[string]uint64{"a>b": 1, "a>c": 1})
	f.forward(between(1, 2), 1, 0)
	f.forward(between(2, 1), 0, 0)
	expectCarried(t, f, map[string]uint64{"a>b": 2, "a>c": 1, "b>a": 1})
}

func TestAnAddressMayMove(t *testing.T) {
	f := switchOf(t, "a", "b", "c")
	f.forward(between(9, 1), 0, 0)
	f.forward(between(9, 1), 2, 0)
	f.forward(between(1, 2), 1, 0)
	expectCarried(t, f, map[string]uint64{"a>b": 1, "a>c": 1, "c>a": 1, "c>b": 1, "b>c": 1})
}

func TestAFrameNeverGoesBackWhereItCameFrom(t *testing.T) {
	f := pair(t)
	f.forward(between(9, 1), 0, 0)
	f.forward(between(1, 3), 0, 0) // both live behind a
	expectCarried(t, f, map[string]uint64{"a>b": 1})
}

func TestFramesWithoutHeaderAndGroupSourcesAreNotLearnt(t *testing.T) {
	f := pair(t)
	f.forward(make([]byte, 13), 0, 0)
	group := between(9, 1)
	group[6] = 1
	f.forward(group, 0, 0)
	if len(f.ports) != 0 {
		t.Fatalf("learnt %v", f.ports)
	}
}
