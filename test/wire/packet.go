package main

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
)

const (
	protocolICMP  = 1
	protocolTCP   = 6
	protocolUDP   = 17
	protocolICMP6 = 58
)

// packet is what tells one packet from another: enough to find it again among the records of an agent. Fields that
// a packet does not have are nil.
type packet struct {
	VNI             *uint32 `json:"vni,omitempty"`
	Version         uint8   `json:"version"`
	Source          string  `json:"source"`
	Destination     string  `json:"destination"`
	Protocol        uint8   `json:"protocol"`
	ID              *uint32 `json:"id,omitempty"`
	Fragment        *uint32 `json:"fragment,omitempty"`
	SourcePort      *uint16 `json:"sourcePort,omitempty"`
	DestinationPort *uint16 `json:"destinationPort,omitempty"`
	Sequence        *uint32 `json:"sequence,omitempty"`
	Acknowledgement *uint32 `json:"acknowledgement,omitempty"`
	TCPFlags        *uint8  `json:"tcpFlags,omitempty"`
	Timestamp       *uint32 `json:"timestamp,omitempty"`
	TimestampEcho   *uint32 `json:"timestampEcho,omitempty"`
	ICMPType        *uint8  `json:"icmpType,omitempty"`
	ICMPID          *uint16 `json:"icmpId,omitempty"`
	ICMPSequence    *uint16 `json:"icmpSequence,omitempty"`
	Payload         *int    `json:"payload,omitempty"`
	Head            string  `json:"head,omitempty"`
}

func some[T any](value T) *T { return &value }

// The ports on which the lab's networks speak VXLAN.
func isVXLAN(port uint16) bool { return port == 8472 || port == 4789 }

// parse reads the packet that matters: the one inside VXLAN, or the frame's own. nil if it is not IP or is cut off.
func parse(frame []byte) *packet {
	p, body := parseEthernet(frame)
	if p == nil || p.Protocol != protocolUDP || p.DestinationPort == nil || !isVXLAN(*p.DestinationPort) || len(body) < 16 {
		return p
	}
	inner, _ := parseEthernet(body[16:])
	if inner != nil {
		inner.VNI = some(binary.BigEndian.Uint32(body[12:]) >> 8)
	}
	return inner
}

// parseEthernet also returns the bytes from the transport header on.
func parseEthernet(frame []byte) (*packet, []byte) {
	if len(frame) < 14 {
		return nil, nil
	}
	switch binary.BigEndian.Uint16(frame[12:]) {
	case 0x0800:
		return parseIPv4(frame[14:])
	case 0x86dd:
		return parseIPv6(frame[14:])
	}
	return nil, nil
}

func parseIPv4(b []byte) (*packet, []byte) {
	if len(b) < 20 {
		return nil, nil
	}
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < 20 || total < header || total > len(b) {
		return nil, nil
	}
	p := &packet{
		Version: 4, Protocol: b[9], ID: some(uint32(binary.BigEndian.Uint16(b[4:]))),
		Source: address(b[12:16]), Destination: address(b[16:20]),
	}
	if offset := uint32(binary.BigEndian.Uint16(b[6:])&0x1fff) * 8; offset > 0 {
		p.Fragment = &offset
		return p, nil
	}
	parseTransport(p, b[header:total])
	return p, b[header:total]
}

// parseIPv6 walks no extension headers but the fragment header: the lab sends no others.
func parseIPv6(b []byte) (*packet, []byte) {
	if len(b) < 40 {
		return nil, nil
	}
	end := 40 + int(binary.BigEndian.Uint16(b[4:]))
	if end > len(b) {
		return nil, nil
	}
	p := &packet{Version: 6, Protocol: b[6], Source: address(b[8:24]), Destination: address(b[24:40])}
	body := b[40:end]
	if p.Protocol == 44 && len(body) >= 8 {
		p.Protocol, p.ID = body[0], some(binary.BigEndian.Uint32(body[4:]))
		if offset := uint32(binary.BigEndian.Uint16(body[2:]) &^ 7); offset > 0 {
			p.Fragment = &offset
			return p, nil
		}
		body = body[8:]
	}
	parseTransport(p, body)
	return p, body
}

func address(b []byte) string {
	a, _ := netip.AddrFromSlice(b)
	return a.String()
}

func parseTransport(p *packet, b []byte) {
	switch {
	case p.Protocol == protocolTCP && len(b) >= 20:
		parseTCP(p, b)
	case p.Protocol == protocolUDP && len(b) >= 8:
		p.SourcePort, p.DestinationPort = some(binary.BigEndian.Uint16(b)), some(binary.BigEndian.Uint16(b[2:]))
		p.setPayload(b[8:])
	case (p.Protocol == protocolICMP || p.Protocol == protocolICMP6) && len(b) >= 8:
		p.ICMPType = some(b[0])
		p.ICMPID, p.ICMPSequence = some(binary.BigEndian.Uint16(b[4:])), some(binary.BigEndian.Uint16(b[6:]))
		p.setPayload(b[8:])
	}
}

func (p *packet) setPayload(b []byte) {
	p.Payload = some(len(b))
	p.Head = hex.EncodeToString(b[:min(len(b), 32)])
}

func parseTCP(p *packet, b []byte) {
	p.SourcePort, p.DestinationPort = some(binary.BigEndian.Uint16(b)), some(binary.BigEndian.Uint16(b[2:]))
	p.Sequence, p.Acknowledgement = some(binary.BigEndian.Uint32(b[4:])), some(binary.BigEndian.Uint32(b[8:]))
	p.TCPFlags = some(b[13])
	header := int(b[12]>>4) * 4
	if header < 20 || header > len(b) {
		return
	}
	p.Payload = some(len(b) - header)
	for options := b[20:header]; len(options) > 1 && options[0] != 0; {
		if options[0] == 1 {
			options = options[1:]
			continue
		}
		size := int(options[1])
		if size < 2 || size > len(options) {
			return
		}
		if options[0] == 8 && size == 10 {
			p.Timestamp, p.TimestampEcho = some(binary.BigEndian.Uint32(options[2:])), some(binary.BigEndian.Uint32(options[6:]))
		}
		options = options[size:]
	}
}
