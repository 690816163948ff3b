package main

import "encoding/binary"

// A payload that proves itself: it consists of 64-bit big-endian words, each a mark, the number of its flow and its place
// there. Whoever holds two of them can tell which bytes of which flow these are, wherever they stand and whatever is
// around them (test/e2e/matrix/words.ts reads them).

const (
	wordBytes = 8
	wordMark  = 0x684c
	// A datagram's words begin at a multiple of this, so that a word tells which datagram of its flow it is of.
	datagramWords = 1 << 13
)

func word(flow uint8, place uint64) uint64 { return wordMark<<48 | uint64(flow)<<40 | place&(1<<40-1) }

// fill writes the words of a flow from a place on; the last one may be cut.
func fill(to []byte, flow uint8, place uint64) {
	for len(to) >= wordBytes {
		binary.BigEndian.PutUint64(to, word(flow, place))
		to, place = to[wordBytes:], place+1
	}
	copy(to, binary.BigEndian.AppendUint64(nil, word(flow, place)))
}

// datagram makes the payload of a flow's n-th datagram.
func datagram(flow uint8, number, size int) []byte {
	payload := make([]byte, size)
	fill(payload, flow, uint64(number)*datagramWords)
	return payload
}
