package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// rules say what happens to the frames of one direction. The zero value lets them pass at once.
type rules struct {
	Match         *match  `json:"match"`
	DelayMs       float64 `json:"delayMs"`
	JitterMs      float64 `json:"jitterMs"`
	Loss          float64 `json:"loss"`
	Duplicate     float64 `json:"duplicate"`
	Reorder       float64 `json:"reorder"`
	ReorderFrames int     `json:"reorderFrames"`
	ReorderMs     float64 `json:"reorderMs"`
	RateMbit      float64 `json:"rateMbit"`
	QueueBytes    int     `json:"queueBytes"`
	DropEvery     uint64  `json:"dropEvery"`
	DropFrom      uint64  `json:"dropFrom"`
	DropTo        uint64  `json:"dropTo"`
	LogDelays     bool    `json:"logDelays"`
}

// check completes what is not given and refuses what cannot be.
func (r *rules) check() error {
	for name, p := range map[string]float64{"loss": r.Loss, "duplicate": r.Duplicate, "reorder": r.Reorder} {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("%s is a probability from 0 to 1, not %v", name, p)
		}
	}
	for name, ms := range map[string]float64{"delayMs": r.DelayMs, "jitterMs": r.JitterMs, "reorderMs": r.ReorderMs} {
		if !(ms >= 0 && ms <= 60_000) {
			return fmt.Errorf("%s is 0 to 60000, not %v", name, ms)
		}
	}
	if r.RateMbit < 0 || r.QueueBytes < 0 || r.ReorderFrames < 0 || r.ReorderFrames > 1000 {
		return errors.New("rateMbit and queueBytes are not negative, reorderFrames is 0 to 1000")
	}
	if r.DropTo < r.DropFrom {
		return errors.New("dropTo is not before dropFrom")
	}
	if r.ReorderFrames == 0 {
		r.ReorderFrames = 1
	}
	if r.ReorderMs == 0 {
		r.ReorderMs = 20
	}
	if r.QueueBytes == 0 {
		r.QueueBytes = 256 << 10
	}
	return nil
}

// decision is what becomes of one frame, its place in a queue aside.
type decision struct {
	drop      string // why, "" if it is not dropped
	duplicate bool
	reorder   bool
	delay     time.Duration
}

// decide draws for the n-th matching frame, counted from 1. Every frame draws the same number of times, so a frame's
// fate depends on its number and the seed, and not on the fates before it.
func (r *rules) decide(n uint64, random *rand.Rand) decision {
	loss, duplicate, reorder, jitter := random.Float64(), random.Float64(), random.Float64(), random.Float64()
	d := decision{
		duplicate: duplicate < r.Duplicate,
		reorder:   reorder < r.Reorder,
		delay:     milliseconds(r.DelayMs + jitter*r.JitterMs),
	}
	switch {
	case r.DropFrom > 0 && n >= r.DropFrom && n <= r.DropTo:
		d.drop = "range"
	case r.DropEvery > 0 && n%r.DropEvery == 0:
		d.drop = "every"
	case loss < r.Loss:
		d.drop = "loss"
	}
	return d
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// match holds for a frame if all that it names holds; of a VXLAN frame the packet inside is meant.
type match struct {
	Tunnel        *bool  `json:"tunnel"`
	Protocol      string `json:"protocol"`
	Address       string `json:"address"`
	Port          uint16 `json:"port"`
	Payload       *bool  `json:"payload"`
	MinimumLength int    `json:"minimumLength"`
}

var protocols = map[string]uint8{"tcp": protocolTCP, "udp": protocolUDP, "icmp": protocolICMP, "icmp6": protocolICMP6}

func (m *match) check() error {
	if _, known := protocols[m.Protocol]; m.Protocol != "" && !known {
		return fmt.Errorf("protocol is tcp, udp, icmp or icmp6, not %q", m.Protocol)
	}
	return nil
}

func (m *match) holds(frame []byte) bool {
	if m == nil {
		return true
	}
	if len(frame) < m.MinimumLength {
		return false
	}
	if m.Tunnel == nil && m.Protocol == "" && m.Address == "" && m.Port == 0 && m.Payload == nil {
		return true
	}
	p := parse(frame)
	return p != nil &&
		(m.Tunnel == nil || *m.Tunnel == (p.VNI != nil)) &&
		(m.Protocol == "" || protocols[m.Protocol] == p.Protocol) &&
		(m.Address == "" || m.Address == p.Source || m.Address == p.Destination) &&
		(m.Port == 0 || is(p.SourcePort, m.Port) || is(p.DestinationPort, m.Port)) &&
		(m.Payload == nil || p.Payload != nil && *m.Payload == (*p.Payload > 0))
}

func is[T comparable](p *T, value T) bool { return p != nil && *p == value }
