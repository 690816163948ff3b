package bpf

import (
	"slices"
	"testing"
)

// ICMP errors name the packet that caused them.

func causeOf(record hoplensRecord) uint64 { return uint64(record.Context)<<32 | uint64(record.Mark) }

// abouts makes packets that errors are told of, of every kind.
func (d dice) abouts(version int) map[string]packet {
	echo := uint8(8)
	if version == 6 {
		echo = 128
	}
	abouts := map[string]packet{}
	for name, content := range map[string]body{
		"data": d.tcp(0, 1+d.IntN(1400)), "syn": d.tcp(synFlag, 0), "ack": d.tcp(0, 0), "reset": d.tcp(rstFlag, 0),
		"closing data": d.tcp(finFlag, 1+d.IntN(1400)), "udp": udp{d.bytes(d.IntN(600))}, "echo": icmp{echo, 0, 7, d.bytes(d.IntN(600))},
		"sctp": sctp{d.Uint32(), d.bytes(100)}, "gre": other{47, d.bytes(d.IntN(200))},
	} {
		abouts[name] = d.packet(version, content)
	}
	return abouts
}

// At any length of what is repeated the cause is the right one or unknown; where all of its content is there it is known.
func TestErrorNamesThePacketThatCausedIt(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(41)
	for range 40 {
		version := d.version()
		for name, about := range d.abouts(version) {
			// Marks of the packet itself come first, then its own identity as a SYN or a FIN has one.
			var identities []uint64
			for _, record := range k.see(everything(), about.frame()).records {
				identities = append(identities, record.Identity)
			}
			whole := len(about.ip())
			for _, most := range []int{whole, whole + 20, 10*version - 12 + d.IntN(whole), 548} {
				unreachable := d.packet(version, icmpError{map[int]uint8{4: 3, 6: 1}[version], 3, about, most})
				record := k.only([]hop{everything(), underlay()}[d.IntN(2)], unreachable.frame())
				cause := causeOf(record)
				if cause != 0 && !slices.Contains(identities, cause) || cause == 0 && most >= min(whole, 548) {
					t.Fatalf("%s of %d bytes, %d repeated: cause %x, identities %x", name, whole, most, cause, identities)
				}
			}
		}
	}
}

func TestErrorsAboutWhatCannotBeNamed(t *testing.T) {
	k := newKernel(t, testRing)
	d := newDice(42)
	for range 100 {
		later := d.packet(4, udp{d.bytes(900)}).cut(304)[1]
		lying := d.packet(4, other{47, d.bytes(60)})
		if cause := causeOf(k.only(everything(), d.packet(4, icmpError{11, 1, later, 200}).frame())); cause != 0 {
			t.Fatalf("of a later fragment: %x", cause)
		}
		frame := d.packet(4, icmpError{3, 1, lying, 60}).frame()
		frame[14+20+8] = byte(d.IntN(5)) | 0x40 // a header shorter than one can be
		if cause := causeOf(k.only(everything(), frame)); cause != 0 {
			t.Fatalf("of no packet: %x", cause)
		}
	}
}
