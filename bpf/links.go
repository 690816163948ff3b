package bpf

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Link is a device as netlink describes it. What kind of hop that makes is the caller's to say.
type Link struct {
	Type        string  `json:"type"` // link
	Ifindex     int     `json:"ifindex"`
	Name        string  `json:"name"`
	LinkType    string  `json:"linkType"` // veth, bridge, vxlan, ...; empty for physical ones
	Arphrd      int     `json:"arphrd"`   // ARPHRD_*: 1 is Ethernet, 772 loopback
	MTU         int     `json:"mtu"`
	MAC         string  `json:"mac"`
	Up          bool    `json:"up"` // IFF_UP: by the administrator
	Master      int     `json:"master"`
	Parent      int     `json:"parent"`      // the device below a VLAN, macvlan, tunnel, ...; 0 without one in this namespace
	PeerNsid    int     `json:"peerNsid"`    // of a veth's other end in another namespace; -1 in this one
	PeerIfindex int     `json:"peerIfindex"` // there; 0 for what is no veth
	Vxlan       *Vxlan  `json:"vxlan,omitempty"`
	Tunnel      *Tunnel `json:"tunnel,omitempty"` // geneve, ipip, gre and their kin
	XDP         string  `json:"xdp,omitempty"`    // native, generic or offload: the mode of a program that sits there
}

// Vxlan as it was made. External ones take VNI and addresses from each packet's route.
type Vxlan struct {
	VNI      int        `json:"vni"`
	Port     int        `json:"port"`
	Local    netip.Addr `json:"local"`
	Device   int        `json:"device"` // ifindex, 0 for any
	External bool       `json:"external"`
}

// Tunnel that is no VXLAN. Numbers are 0 and addresses empty where its kind has none.
type Tunnel struct {
	VNI      int        `json:"vni"`
	Port     int        `json:"port"`
	Local    netip.Addr `json:"local"`
	Remote   netip.Addr `json:"remote"`
	Device   int        `json:"device"`
	External bool       `json:"external"`
}

func parseLink(gone bool, message []byte) (any, error) {
	header := nl.DeserializeIfInfomsg(message)
	// A bridge says in its own family that a port came or went: the device itself stays.
	if header.Family == unix.AF_BRIDGE {
		return nil, nil
	}
	parsed, err := netlink.LinkDeserialize(nil, message)
	if err != nil {
		return nil, err
	}
	base := parsed.Attrs()
	if gone {
		return LinkGone{"link-gone", base.Index, base.Name}, nil
	}
	link := Link{
		Type: "link", Ifindex: base.Index, Name: base.Name, LinkType: kindOf(parsed), Arphrd: int(header.Type), MTU: base.MTU,
		MAC: base.HardwareAddr.String(), Up: header.Flags&unix.IFF_UP != 0, Master: base.MasterIndex, PeerNsid: -1,
	}
	if link.LinkType == "veth" || link.LinkType == "netkit" {
		link.PeerIfindex, link.PeerNsid = base.ParentIndex, base.NetNsID
	} else if base.NetNsID < 0 {
		link.Parent = base.ParentIndex
	}
	if base.Xdp != nil && base.Xdp.Attached {
		link.XDP = xdpMode(base.Xdp.AttachMode)
	}
	describeTunnel(parsed, &link)
	return link, nil
}

func xdpMode(attached uint32) string {
	switch attached {
	case nl.XDP_ATTACHED_SKB:
		return "generic"
	case nl.XDP_ATTACHED_HW:
		return "offload"
	}
	return "native" // where several modes are at work, this is the first
}

// kindOf is empty for a device that no driver of virtual ones made; the netlink package calls these "device".
func kindOf(link netlink.Link) string {
	if _, plain := link.(*netlink.Device); plain {
		return ""
	}
	return link.Type()
}

func describeTunnel(parsed netlink.Link, link *Link) {
	switch t := parsed.(type) {
	case *netlink.Vxlan:
		link.Vxlan = &Vxlan{t.VxlanId, t.Port, address(t.SrcAddr), t.VtepDevIndex, t.FlowBased}
	case *netlink.Geneve:
		link.Tunnel = &Tunnel{VNI: int(t.ID), Port: int(t.Dport), Remote: address(t.Remote), External: t.FlowBased}
	case *netlink.Iptun:
		link.Tunnel = &Tunnel{Local: address(t.Local), Remote: address(t.Remote), Device: int(t.Link), External: t.FlowBased}
	case *netlink.Ip6tnl:
		link.Tunnel = &Tunnel{Local: address(t.Local), Remote: address(t.Remote), Device: int(t.Link), External: t.FlowBased}
	case *netlink.Sittun:
		link.Tunnel = &Tunnel{Local: address(t.Local), Remote: address(t.Remote), Device: int(t.Link)}
	case *netlink.Gretun:
		link.Tunnel = &Tunnel{Local: address(t.Local), Remote: address(t.Remote), Device: int(t.Link), External: t.FlowBased}
	case *netlink.Gretap:
		link.Tunnel = &Tunnel{Local: address(t.Local), Remote: address(t.Remote), Device: int(t.Link), External: t.FlowBased}
	}
}

// address is invalid ("" in JSON) where there is none or it is 0.0.0.0.
func address(ip net.IP) netip.Addr {
	if ip.IsUnspecified() {
		return netip.Addr{}
	}
	found, _ := netip.AddrFromSlice(ip)
	return found.Unmap()
}
