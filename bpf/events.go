package bpf

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Mark is snapshot-begin (forget what you know) or snapshot-end.
type Mark struct {
	Type string `json:"type"`
}

// LinkGone is a device that was deleted or went to another network namespace.
type LinkGone struct {
	Type    string `json:"type"` // link-gone
	Ifindex int    `json:"ifindex"`
	Name    string `json:"name"`
}

// Address of a device of this namespace.
type Address struct {
	Type    string     `json:"type"` // address
	Ifindex int        `json:"ifindex"`
	IP      netip.Addr `json:"ip"`
	Prefix  int        `json:"prefix"`
	Gone    bool       `json:"gone"`
}

// Nexthop is one way of a route. The gateway is invalid ("" in JSON) for what is on the link.
type Nexthop struct {
	Gateway netip.Addr `json:"gateway"`
	Ifindex int        `json:"ifindex"`
}

// Route to unicast destinations, or one that refuses them. A replaced route has the same destination, table and metric:
// nothing says it went.
type Route struct {
	Type        string       `json:"type"` // route
	Default     bool         `json:"default"`
	Destination netip.Prefix `json:"destination"`
	Nexthop                  // the first
	Nexthops    []Nexthop    `json:"nexthops,omitempty"` // all, where there are several
	Table       int          `json:"table"`
	Metric      int          `json:"metric"`
	Protocol    int          `json:"protocol"`          // RTPROT_*
	Refusal     string       `json:"refusal,omitempty"` // ip's word for one that leads nowhere: blackhole, unreachable, ...
	Replaced    bool         `json:"replaced"`          // never in a snapshot
	Gone        bool         `json:"gone"`
}

// RoutingRule says which table is asked for which packets. None is in a snapshot.
type RoutingRule struct {
	Type string `json:"type"` // routing-rule
	Gone bool   `json:"gone"`
}

// Neighbour as ARP or neighbour discovery knows it.
type Neighbour struct {
	Type    string     `json:"type"` // neighbour
	Ifindex int        `json:"ifindex"`
	IP      netip.Addr `json:"ip"`
	MAC     string     `json:"mac"`
	State   string     `json:"state"` // the kernel's word in lower case: reachable, stale, failed, ...
	Gone    bool       `json:"gone"`
}

// Nsid is the number by which this namespace knows another one.
type Nsid struct {
	Type string `json:"type"` // nsid
	Nsid int    `json:"nsid"`
	Gone bool   `json:"gone"`
}

// parseMessage gives nil for what is of no interest. It may panic on what no kernel writes.
func parseMessage(kind, flags uint16, message []byte) (any, error) {
	switch kind {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		return parseLink(kind == unix.RTM_DELLINK, message)
	case unix.RTM_NEWADDR, unix.RTM_DELADDR:
		return parseAddress(kind == unix.RTM_DELADDR, message)
	case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
		return parseRoute(kind == unix.RTM_DELROUTE, flags&unix.NLM_F_REPLACE != 0, message)
	case unix.RTM_NEWRULE, unix.RTM_DELRULE:
		return RoutingRule{"routing-rule", kind == unix.RTM_DELRULE}, nil
	case unix.RTM_NEWNEIGH, unix.RTM_DELNEIGH:
		return parseNeighbour(kind == unix.RTM_DELNEIGH, message)
	case unix.RTM_NEWNSID, unix.RTM_DELNSID:
		return parseNsid(kind == unix.RTM_DELNSID, message)
	}
	return nil, nil
}

func parseAddress(gone bool, message []byte) (any, error) {
	header := nl.DeserializeIfAddrmsg(message)
	attributes, err := nl.ParseRouteAttrAsMap(message[header.Len():])
	if err != nil {
		return nil, err
	}
	// IPv4 says the own address in LOCAL and a point-to-point peer's in ADDRESS; IPv6 mostly has ADDRESS alone.
	bytes := attributes[unix.IFA_LOCAL].Value
	if bytes == nil {
		bytes = attributes[unix.IFA_ADDRESS].Value
	}
	ip, ok := netip.AddrFromSlice(bytes)
	if !ok {
		return nil, nil
	}
	return Address{"address", int(header.Index), ip, int(header.Prefixlen), gone}, nil
}

// routeKinds are those that are told; the kernel keeps others for local and broadcast addresses.
var routeKinds = map[uint8]string{
	unix.RTN_UNICAST: "", unix.RTN_BLACKHOLE: "blackhole", unix.RTN_UNREACHABLE: "unreachable",
	unix.RTN_PROHIBIT: "prohibit", unix.RTN_THROW: "throw",
}

func parseRoute(gone, replaced bool, message []byte) (any, error) {
	header := nl.DeserializeRtMsg(message)
	routable := header.Family == unix.AF_INET || header.Family == unix.AF_INET6
	refusal, told := routeKinds[header.Type]
	if !routable || !told || header.Flags&unix.RTM_F_CLONED != 0 {
		return nil, nil
	}
	attributes, err := nl.ParseRouteAttrAsMap(message[header.Len():])
	if err != nil {
		return nil, err
	}
	number := func(attribute uint16, otherwise int) int {
		if value := attributes[attribute].Value; len(value) == 4 {
			return int(binary.NativeEndian.Uint32(value))
		}
		return otherwise
	}
	route := Route{
		Type: "route", Default: header.Dst_len == 0, Replaced: replaced, Gone: gone, Protocol: int(header.Protocol), Refusal: refusal,
		Table: number(unix.RTA_TABLE, int(header.Table)), Metric: number(unix.RTA_PRIORITY, 0),
	}
	destination, ok := netip.AddrFromSlice(attributes[unix.RTA_DST].Value)
	if !ok {
		destination = netip.IPv4Unspecified()
		if header.Family == unix.AF_INET6 {
			destination = netip.IPv6Unspecified()
		}
	}
	route.Destination = netip.PrefixFrom(destination, int(header.Dst_len))
	route.Nexthop = Nexthop{gatewayOf(attributes[unix.RTA_GATEWAY].Value, attributes[unix.RTA_VIA].Value), number(unix.RTA_OIF, 0)}
	if ways := nexthops(attributes[unix.RTA_MULTIPATH].Value); len(ways) > 0 {
		route.Nexthop, route.Nexthops = ways[0], ways
	}
	return route, nil
}

// nexthops walks struct rtnexthop (length, flags, hops, ifindex), each with attributes of its own.
func nexthops(bytes []byte) (ways []Nexthop) {
	for len(bytes) >= unix.SizeofRtNexthop {
		length := int(binary.NativeEndian.Uint16(bytes))
		if length < unix.SizeofRtNexthop || length > len(bytes) {
			return ways
		}
		way := Nexthop{Ifindex: int(binary.NativeEndian.Uint32(bytes[4:]))}
		if attributes, err := nl.ParseRouteAttrAsMap(bytes[unix.SizeofRtNexthop:length]); err == nil {
			way.Gateway = gatewayOf(attributes[unix.RTA_GATEWAY].Value, attributes[unix.RTA_VIA].Value)
		}
		ways = append(ways, way)
		bytes = bytes[min((length+3)&^3, len(bytes)):]
	}
	return ways
}

// gatewayOf reads a gateway of the route's family, or else struct rtvia: two bytes of another family, then the address.
func gatewayOf(gateway, via []byte) netip.Addr {
	if len(gateway) == 0 && len(via) > 2 {
		gateway = via[2:]
	}
	address, _ := netip.AddrFromSlice(gateway)
	return address
}

var neighbourStates = []struct {
	bit  uint16
	name string
}{
	{unix.NUD_PERMANENT, "permanent"}, {unix.NUD_NOARP, "noarp"}, {unix.NUD_REACHABLE, "reachable"},
	{unix.NUD_STALE, "stale"}, {unix.NUD_DELAY, "delay"}, {unix.NUD_PROBE, "probe"},
	{unix.NUD_FAILED, "failed"}, {unix.NUD_INCOMPLETE, "incomplete"},
}

// parseNeighbour reads struct ndmsg: family, padding, ifindex at 4, state at 8, flags, type. The forwarding tables of
// bridges and VXLANs (AF_BRIDGE) are not neighbours.
func parseNeighbour(gone bool, message []byte) (any, error) {
	const headerBytes = 12
	if family := message[0]; family != unix.AF_INET && family != unix.AF_INET6 {
		return nil, nil
	}
	attributes, err := nl.ParseRouteAttrAsMap(message[headerBytes:])
	if err != nil {
		return nil, err
	}
	ip, ok := netip.AddrFromSlice(attributes[unix.NDA_DST].Value)
	if !ok || ip.IsMulticast() {
		return nil, nil
	}
	neighbour := Neighbour{
		Type: "neighbour", Ifindex: int(binary.NativeEndian.Uint32(message[4:])), IP: ip, Gone: gone, State: "none",
		MAC: net.HardwareAddr(attributes[unix.NDA_LLADDR].Value).String(),
	}
	bits := binary.NativeEndian.Uint16(message[8:])
	for _, state := range neighbourStates {
		if bits&state.bit != 0 {
			neighbour.State = state.name
			break
		}
	}
	return neighbour, nil
}

func parseNsid(gone bool, message []byte) (any, error) {
	attributes, err := nl.ParseRouteAttrAsMap(message[rtgenmsg{}.Len():])
	if err != nil {
		return nil, err
	}
	value := attributes[unix.NETNSA_NSID].Value
	if len(value) != 4 {
		return nil, nil
	}
	return Nsid{"nsid", int(int32(binary.NativeEndian.Uint32(value))), gone}, nil
}
