package bpf

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// Packets as values, made bytes by frame(). Checksums are any number: nothing that is tested here may look at them.

const (
	protocolICMP, protocolTCP, protocolUDP = 1, 6, 17
	protocolICMPv6, protocolSCTP           = 58, 132
	finFlag, synFlag, rstFlag, ackFlag     = 1, 2, 4, 16
)

type ends struct{ source, destination netip.AddrPort }

func (e ends) version() int {
	if e.source.Addr().Is4() {
		return 4
	}
	return 6
}

func (e ends) reversed() ends { return ends{e.destination, e.source} }

// body is what is behind the IP header.
type body interface {
	protocol(version int) uint8
	bytes(e ends, checksum uint16) []byte
}

type extension struct {
	kind uint8
	size int // bytes
}

// fragment is a part of a body that is longer than a packet may be.
type fragment struct {
	offset int // bytes
	more   bool
	kind   uint8 // the body's protocol
	part   []byte
}

type packet struct {
	ends
	body       body
	id         uint32 // IPv4's, or that of an IPv6 fragment
	ttl        uint8
	checksum   uint16 // of every header
	tags       []uint16
	options    []byte      // of IPv4
	extensions []extension // of IPv6
	fragment   *fragment
}

func be16(value uint16) []byte { return binary.BigEndian.AppendUint16(nil, value) }
func be32(value uint32) []byte { return binary.BigEndian.AppendUint32(nil, value) }

func (p packet) frame() []byte {
	protocol := uint16(0x0800)
	if p.version() == 6 {
		protocol = 0x86dd
	}
	return slices.Concat(ethernet(protocol, p.tags...), p.ip())
}

// ethernet is a header with the tags of as many VLANs as are given, the outermost first.
func ethernet(protocol uint16, tags ...uint16) []byte {
	header := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}
	for i, tag := range tags {
		kind := uint16(0x8100)
		if i < len(tags)-1 {
			kind = 0x88a8
		}
		header = append(append(header, be16(kind)...), be16(tag)...)
	}
	return append(header, be16(protocol)...)
}

// ip is the packet without its link header.
func (p packet) ip() []byte {
	if p.version() == 4 {
		return p.ipv4()
	}
	return p.ipv6()
}

func (p packet) ipv4() []byte {
	kind, content, place := p.content()
	if p.fragment != nil {
		place /= 8
		if p.fragment.more {
			place |= 0x2000
		}
	}
	header := slices.Concat([]byte{byte(0x45 + len(p.options)/4), 0}, be16(uint16(20+len(p.options)+len(content))),
		be16(uint16(p.id)), be16(uint16(place)), []byte{p.ttl, kind}, be16(p.checksum),
		p.source.Addr().AsSlice(), p.destination.Addr().AsSlice(), p.options)
	return append(header, content...)
}

func (p packet) ipv6() []byte {
	kind, content, place := p.content()
	chain := p.extensions
	if p.fragment != nil {
		if p.fragment.more {
			place |= 1
		}
		chain = append(slices.Clone(chain), extension{44, 8})
	}
	var headers []byte
	for i, each := range chain {
		next := kind
		if i+1 < len(chain) {
			next = chain[i+1].kind
		}
		headers = append(headers, each.bytes(next, place, p.id)...)
	}
	if len(chain) > 0 {
		kind = chain[0].kind
	}
	header := slices.Concat([]byte{0x60, 0, 0, 0}, be16(uint16(len(headers)+len(content))), []byte{kind, p.ttl},
		p.source.Addr().AsSlice(), p.destination.Addr().AsSlice())
	return slices.Concat(header, headers, content)
}

func (p packet) content() (kind uint8, content []byte, offset int) {
	if p.fragment != nil {
		return p.fragment.kind, p.fragment.part, p.fragment.offset
	}
	return p.body.protocol(p.version()), p.body.bytes(p.ends, p.checksum), 0
}

func (e extension) bytes(next uint8, place int, id uint32) []byte {
	header := make([]byte, e.size)
	header[0] = next
	switch e.kind {
	case 44:
		copy(header[2:], slices.Concat(be16(uint16(place)), be32(id)))
	case 51:
		header[1] = byte(e.size/4 - 2)
	default:
		header[1] = byte(e.size/8 - 1)
	}
	return header
}

// cut makes fragments of at most size bytes each, which must be a multiple of 8.
func (p packet) cut(size int) (parts []packet) {
	whole := p.body.bytes(p.ends, p.checksum)
	for offset := 0; offset < len(whole); offset += size {
		end := min(offset+size, len(whole))
		part := p
		part.fragment = &fragment{offset, end < len(whole), p.body.protocol(p.version()), whole[offset:end]}
		parts = append(parts, part)
	}
	return parts
}

type tcp struct {
	sequence, ack uint32
	window        uint16
	flags         uint8
	options       []byte // a multiple of 4
	payload       []byte
}

func timestamps(value, echo uint32) []byte {
	return slices.Concat([]byte{1, 1, 8, 10}, be32(value), be32(echo))
}

func (t tcp) protocol(int) uint8 { return protocolTCP }

func (t tcp) bytes(e ends, checksum uint16) []byte {
	return slices.Concat(be16(e.source.Port()), be16(e.destination.Port()), be32(t.sequence), be32(t.ack),
		[]byte{byte(5+len(t.options)/4) << 4, t.flags}, be16(t.window), be16(checksum), be16(0), t.options, t.payload)
}

type udp struct{ payload []byte }

func (u udp) protocol(int) uint8 { return protocolUDP }

func (u udp) bytes(e ends, checksum uint16) []byte {
	return slices.Concat(be16(e.source.Port()), be16(e.destination.Port()), be16(uint16(8+len(u.payload))), be16(checksum),
		u.payload)
}

// icmp is any but an error. Its id is what NAT has in the place of a port: the source's.
type icmp struct {
	kind, code uint8
	sequence   uint16
	payload    []byte
}

func (i icmp) protocol(version int) uint8 {
	if version == 4 {
		return protocolICMP
	}
	return protocolICMPv6
}

func (i icmp) bytes(e ends, checksum uint16) []byte {
	return slices.Concat([]byte{i.kind, i.code}, be16(checksum), be16(e.source.Port()), be16(i.sequence), i.payload)
}

// icmpError answers a packet that went the other way, and repeats its first bytes.
type icmpError struct {
	kind, code uint8
	about      packet // its ends are those of the error, reversed
	most       int    // bytes of it
}

func (i icmpError) protocol(version int) uint8 { return icmp{}.protocol(version) }

func (i icmpError) bytes(e ends, checksum uint16) []byte {
	about := i.about
	about.ends, about.checksum = e.reversed(), checksum
	repeated := about.ip()
	return slices.Concat([]byte{i.kind, i.code}, be16(checksum), be32(0), repeated[:min(i.most, len(repeated))])
}

// sctp stands for the protocols that we know nothing of but their ports.
type sctp struct {
	tag   uint32
	chunk []byte
}

func (s sctp) protocol(int) uint8 { return protocolSCTP }

func (s sctp) bytes(e ends, checksum uint16) []byte {
	return slices.Concat(be16(e.source.Port()), be16(e.destination.Port()), be32(s.tag), be32(uint32(checksum)), s.chunk)
}

// other is a protocol without ports.
type other struct {
	number  uint8
	content []byte
}

func (o other) protocol(int) uint8            { return o.number }
func (o other) bytes(_ ends, _ uint16) []byte { return o.content }

// vxlan is a frame in a tunnel.
type vxlan struct {
	vni   uint32
	flags uint8
	inner []byte
}

func (v vxlan) protocol(int) uint8 { return protocolUDP }

func (v vxlan) bytes(e ends, checksum uint16) []byte {
	header := slices.Concat([]byte{v.flags, 0, 0, 0}, be32(v.vni<<8))
	return udp{slices.Concat(header, v.inner)}.bytes(e, checksum)
}

// dice make the same cases at every run.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 0x686f706c656e73))} }

func (d dice) bytes(size int) []byte {
	bytes := make([]byte, size)
	for i := range bytes {
		bytes[i] = byte(d.Uint32())
	}
	return bytes
}

func (d dice) address(version int) netip.Addr {
	if version == 4 {
		return netip.AddrFrom4([4]byte(d.bytes(4)))
	}
	return netip.AddrFrom16([16]byte(append([]byte{0xfd}, d.bytes(15)...)))
}

func (d dice) end(version int) netip.AddrPort {
	return netip.AddrPortFrom(d.address(version), uint16(1024+d.IntN(64000)))
}

func (d dice) ends(version int) ends { return ends{d.end(version), d.end(version)} }

func (d dice) version() int { return 4 + 2*d.IntN(2) }

// packet is one with the given body between any two ends.
func (d dice) packet(version int, body body) packet {
	return packet{ends: d.ends(version), body: body, id: uint32(d.IntN(1 << 16)), ttl: uint8(1 + d.IntN(255)),
		checksum: uint16(d.Uint32())}
}

// translated is the packet behind a NAT.
func (d dice) translated(p packet) packet {
	p.ends, p.ttl, p.checksum = d.ends(p.version()), uint8(1+d.IntN(255)), uint16(d.Uint32())
	return p
}

func (d dice) tcp(flags uint8, payload int) tcp {
	return tcp{sequence: d.Uint32(), ack: d.Uint32(), window: uint16(d.Uint32()), flags: flags | ackFlag,
		options: timestamps(d.Uint32(), d.Uint32()), payload: d.bytes(payload)}
}
