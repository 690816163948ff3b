package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
)

func TestAnyPieceOfAStreamIsWhatItsPlaceSays(t *testing.T) {
	whole := make([]byte, 4096)
	fill(whole, 9, 0)
	for from := 0; from < len(whole); from += wordBytes {
		piece := make([]byte, 1+rand.IntN(len(whole)-from))
		fill(piece, 9, uint64(from/wordBytes))
		if !bytes.Equal(piece, whole[from:from+len(piece)]) {
			t.Fatalf("%d bytes from %d differ", len(piece), from)
		}
	}
}

func TestPartsMakeTheWhole(t *testing.T) {
	for _, ends := range [][2]string{{"10.0.0.1", "10.0.0.2"}, {"fd00::1", "fd00::2"}} {
		from, to := netip.MustParseAddr(ends[0]), netip.MustParseAddr(ends[1])
		whole := udpPacket(netip.AddrPortFrom(from, 7), netip.AddrPortFrom(to, 8), datagram(1, 2, 3992))
		var joined []byte
		for _, part := range cut(from, to, 5, whole) {
			header := 20
			if !from.Is4() {
				header = 48
			}
			joined = append(joined, part[header:]...)
		}
		if !bytes.Equal(joined, whole) {
			t.Errorf("%s: %d bytes of parts, %d of the whole", from, len(joined), len(whole))
		}
	}
}

// A sum over a packet with its own checksum in it is zero, as receivers demand.
func TestChecksum(t *testing.T) {
	for size := range 100 {
		packet := make([]byte, 8+size)
		fill(packet, 3, uint64(size))
		binary.BigEndian.PutUint16(packet[2:], 0)
		binary.BigEndian.PutUint16(packet[2:], checksum(packet))
		if sum := checksum(packet); sum != 0 {
			t.Errorf("%d bytes: %x is left", len(packet), sum)
		}
	}
}
