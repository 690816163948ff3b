package main

import "sync"

// fabric joins n ports as a switch does: it learns where addresses are and floods what it does not know.
type fabric struct {
	mutex sync.RWMutex
	ports map[[6]byte]int
	lanes [][]*direction // by sending and receiving port; nil from a port to itself
}

func newFabric(lanes [][]*direction) *fabric {
	return &fabric{ports: map[[6]byte]int{}, lanes: lanes}
}

// A lab has a handful of addresses; whoever floods a switch with more is not learnt.
const maxAddresses = 4096

// forward carries a frame that came in by `from` to where it belongs.
func (f *fabric) forward(frame []byte, from int, now int64) {
	if len(frame) < 14 {
		return
	}
	to, known := f.learn([6]byte(frame[6:12]), [6]byte(frame[:6]), from)
	if known {
		if lane := f.lanes[from][to]; lane != nil {
			lane.carry(frame, now)
		}
		return
	}
	for _, lane := range f.lanes[from] {
		if lane != nil {
			lane.carry(frame, now)
		}
	}
}

func (f *fabric) learn(source, destination [6]byte, from int) (to int, known bool) {
	f.mutex.RLock()
	port, learnt := f.ports[source]
	to, known = f.ports[destination]
	full := len(f.ports) >= maxAddresses
	f.mutex.RUnlock()
	if (!learnt && !full || learnt && port != from) && source[0]&1 == 0 {
		f.mutex.Lock()
		f.ports[source] = from
		f.mutex.Unlock()
	}
	return to, known
}

func (f *fabric) directions() []*direction {
	var all []*direction
	for _, row := range f.lanes {
		for _, lane := range row {
			if lane != nil {
				all = append(all, lane)
			}
		}
	}
	return all
}
