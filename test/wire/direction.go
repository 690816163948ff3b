package main

import (
	"container/heap"
	"io"
	"math/rand/v2"
	"sync"
)

// counters of one direction since the start.
type counters struct {
	Frames     uint64 `json:"frames"`
	Bytes      uint64 `json:"bytes"`
	Dropped    uint64 `json:"dropped"`
	Duplicated uint64 `json:"duplicated"`
	Reordered  uint64 `json:"reordered"`
	Delivered  uint64 `json:"delivered"`
	Refused    uint64 `json:"refused"`
}

// direction carries frames one way between two nodes. Its times are nanoseconds of CLOCK_MONOTONIC.
type direction struct {
	name string
	out  io.Writer
	log  *eventLog
	wake func(at int64) // asks for a call of deliver at that time, replacing what was asked before

	mutex     sync.Mutex
	rules     rules
	random    *rand.Rand
	matched   uint64
	counters  counters
	waiting   frameHeap
	held      []*waitingFrame // those of waiting that let others overtake
	order     uint64
	lastDue   int64
	busyUntil int64
}

func newDirection(name string, out io.Writer, log *eventLog, seed uint64, wake func(int64)) *direction {
	d := &direction{name: name, out: out, log: log, wake: wake, random: rand.New(rand.NewPCG(seed, 0))}
	_ = d.rules.check()
	return d
}

// waitingFrame leaves when it is due, those due at the same time in their order.
type waitingFrame struct {
	bytes    []byte
	due      int64
	order    uint64
	place    int // in the heap
	event    event
	arrived  int64
	overtake int // how many more frames are to overtake it
	overtook int // how many have
	reorder  bool
	delayed  bool // its delay is to be written down
}

func (d *direction) setRules(r rules) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.rules, d.matched = r, 0
}

func (d *direction) count() counters {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.counters
}

// carry decides about a frame that arrived at `now`. It keeps no reference to the bytes.
func (d *direction) carry(frame []byte, now int64) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.counters.Frames++
	d.counters.Bytes += uint64(len(frame))
	if !d.rules.Match.holds(frame) {
		d.pass(frame, now)
		return
	}
	d.matched++
	decision := d.rules.decide(d.matched, d.random)
	sent := now
	if decision.drop == "" && d.rules.RateMbit > 0 {
		sent, decision.drop = d.transmit(len(frame), now)
	}
	if decision.drop != "" {
		d.counters.Dropped++
		d.log.write(d.event(frame, now, "drop", decision.drop))
		return
	}
	due := sent + int64(decision.delay)
	if !decision.reorder {
		due = max(due, d.lastDue) // jitter alone changes no order
		d.lastDue = due
	}
	d.schedule(frame, now, due, decision)
}

// pass lets a frame through that no rule is about: at once.
func (d *direction) pass(frame []byte, now int64) {
	d.deliverDue(now)
	d.send(frame)
}

// transmit gives the time at which the last bit of a frame leaves a link of the given rate, or why it never does.
func (d *direction) transmit(length int, now int64) (int64, string) {
	perByte := 8000 / d.rules.RateMbit // ns
	begin := max(now, d.busyUntil)
	if float64(begin-now)/perByte+float64(length) > float64(d.rules.QueueBytes) {
		return 0, "queue"
	}
	d.busyUntil = begin + int64(float64(length)*perByte)
	return d.busyUntil, ""
}

func (d *direction) schedule(frame []byte, now, due int64, decision decision) {
	d.deliverDue(now)
	copies := 1
	if decision.duplicate {
		copies = 2
		d.counters.Duplicated++
		d.log.write(d.event(frame, now, "duplicate", "duplicate"))
	}
	if !decision.reorder && due <= now {
		for range copies {
			d.send(frame)
		}
		d.overtaken(now)
		d.deliverDue(now)
		return
	}
	own := append([]byte(nil), frame...)
	for i := range copies {
		d.push(d.waitFor(own, now, due, decision, i == 0))
	}
	if !decision.reorder {
		d.overtaken(due)
	}
	d.wake(d.waiting[0].due)
}

func (d *direction) waitFor(frame []byte, now, due int64, decision decision, first bool) *waitingFrame {
	w := &waitingFrame{bytes: frame, due: due, arrived: now, delayed: first && d.rules.LogDelays}
	if decision.reorder {
		w.due += int64(milliseconds(d.rules.ReorderMs))
		w.reorder, w.overtake = first, d.rules.ReorderFrames
		d.held = append(d.held, w)
	}
	if w.reorder || w.delayed {
		w.event = d.event(frame, now, "delay", "delay")
	}
	return w
}

func (d *direction) push(w *waitingFrame) {
	d.order++
	w.order = d.order
	heap.Push(&d.waiting, w)
}

// overtaken lets every held frame know that another will leave at `due`, and frees those that waited for enough.
func (d *direction) overtaken(due int64) {
	kept := d.held[:0]
	for _, w := range d.held {
		w.overtook++
		w.overtake--
		if w.overtake > 0 {
			kept = append(kept, w)
			continue
		}
		d.order++
		w.due, w.order = max(due, w.arrived), d.order
		heap.Fix(&d.waiting, w.place)
	}
	d.held = kept
}

// deliver is called when something is due.
func (d *direction) deliver(now int64) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.deliverDue(now)
	if len(d.waiting) > 0 {
		d.wake(d.waiting[0].due)
	}
}

func (d *direction) deliverDue(now int64) {
	for len(d.waiting) > 0 && d.waiting[0].due <= now {
		w := heap.Pop(&d.waiting).(*waitingFrame)
		d.release(w)
		d.writeDown(w, now)
		d.send(w.bytes)
	}
}

// release ends a hold that lasted longer than anybody wanted to overtake.
func (d *direction) release(w *waitingFrame) {
	for i, held := range d.held {
		if held == w {
			d.held = append(d.held[:i], d.held[i+1:]...)
			return
		}
	}
}

// writeDown says what a wait came to, now that it is over: a frame that nobody overtook was late, not reordered.
func (d *direction) writeDown(w *waitingFrame, now int64) {
	w.event.DelayNs = now - w.arrived
	switch {
	case w.reorder && w.overtook > 0:
		d.counters.Reordered++
		w.event.Action, w.event.Why, w.event.Overtaken = "reorder", "reorder", w.overtook
	case w.reorder:
		w.event.Why = "reorder"
	case !w.delayed:
		return
	}
	d.log.write(w.event)
}

func (d *direction) send(frame []byte) {
	if _, err := d.out.Write(frame); err != nil {
		d.counters.Refused++ // the node's end is down or gone
		return
	}
	d.counters.Delivered++
}

func (d *direction) event(frame []byte, now int64, action, why string) event {
	return event{
		TimeNs: now, Direction: d.name, Frame: d.counters.Frames, Matched: d.matched,
		Action: action, Why: why, Length: len(frame), Packet: parse(frame),
	}
}

type frameHeap []*waitingFrame

func (h frameHeap) Len() int { return len(h) }
func (h frameHeap) Less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].order < h[j].order
}
func (h frameHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}
func (h *frameHeap) Push(x any) {
	w := x.(*waitingFrame)
	w.place = len(*h)
	*h = append(*h, w)
}
func (h *frameHeap) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return w
}
