package bpf

import (
	"errors"
	"syscall"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const (
	// What the kernel may keep for us between two drains. It is the bounded queue of events: when it is full the kernel
	// says so once (ENOBUFS), and a new snapshot makes up for what was lost. No goroutine and no queue of our own.
	watcherBufferBytes = 8 << 20
	maxMessageBytes    = 64 << 10
	maxSnapshot        = 100_000 // objects; a node with full routing tables has more
	defaultDrain       = 1024
	skipStatistics     = 1 << 3 // RTEXT_FILTER_SKIP_STATS
)

var watchedGroups = []uint{
	unix.RTNLGRP_LINK, unix.RTNLGRP_NSID, unix.RTNLGRP_NEIGH,
	unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR,
	unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE,
	unix.RTNLGRP_IPV4_RULE, unix.RTNLGRP_IPV6_RULE,
}

// Namespace ids come before the links that name them, links before what sits on them.
var snapshotOrder = []struct{ request, answer uint16 }{
	{unix.RTM_GETNSID, unix.RTM_NEWNSID},
	{unix.RTM_GETLINK, unix.RTM_NEWLINK},
	{unix.RTM_GETADDR, unix.RTM_NEWADDR},
	{unix.RTM_GETROUTE, unix.RTM_NEWROUTE},
	{unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH},
}

// Events is what one drain gives.
type Events struct {
	Events []any `json:"events"`
	Lost   int   `json:"lost"` // not understood, or beyond the limits
}

// watcher turns netlink's messages into events. All kinds come through one socket, in the order in which they happened.
type watcher struct {
	socket  *nl.NetlinkSocket
	buffer  []byte
	pending []any
	lost    int
	stale   bool // what the caller knows is incomplete: a snapshot comes next
}

func newWatcher() (*watcher, error) {
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE, watchedGroups...)
	if err != nil {
		return nil, failed(NoNetlink, "subscribing to netlink", err)
	}
	if err := socket.SetReceiveBufferSize(watcherBufferBytes, true); err != nil {
		socket.Close()
		return nil, failed(NoNetlink, "sizing the netlink subscription's buffer", err)
	}
	return &watcher{socket: socket, buffer: make([]byte, maxMessageBytes), stale: true}, nil
}

func (w *watcher) close() {
	if w != nil {
		w.socket.Close()
	}
}

// drain gives at most limit events and waits for none. Subscribed before the snapshot was taken, the caller may see a
// change twice, never not at all.
func (w *watcher) drain(limit int) (*Events, error) {
	if limit < 1 {
		limit = defaultDrain
	}
	for len(w.pending) < limit {
		if w.stale {
			if err := w.snapshot(); err != nil {
				return nil, err
			}
			continue
		}
		more, err := w.receive()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	return w.take(limit), nil
}

func (w *watcher) take(limit int) *Events {
	count := min(limit, len(w.pending))
	result := &Events{w.pending[:count:count], w.lost}
	w.pending, w.lost = w.pending[count:], 0
	if len(w.pending) == 0 {
		w.pending = nil // lets go of the snapshot
	}
	if result.Events == nil {
		result.Events = []any{} // [] in JSON, not null
	}
	return result
}

// receive reads one datagram and tells whether there was one.
func (w *watcher) receive() (bool, error) {
	messages, err := receiveMessages(w.socket, w.buffer)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return false, nil
	case errors.Is(err, unix.ENOBUFS):
		w.stale = true
	case errors.Is(err, errGarbled):
		w.lost++
	case err != nil:
		return false, failed(NoNetlink, "reading netlink's events", err)
	}
	for _, message := range messages {
		w.add(message.Header.Type, message.Header.Flags, message.Data)
	}
	return true, nil
}

var errGarbled = errors.New("a datagram that is no sequence of netlink messages")

// receiveMessages reads one datagram and waits for none: EAGAIN. ENOBUFS says that there were more than the socket held.
func receiveMessages(socket *nl.NetlinkSocket, buffer []byte) ([]syscall.NetlinkMessage, error) {
	read, from, err := unix.Recvfrom(socket.GetFd(), buffer, unix.MSG_DONTWAIT)
	if errors.Is(err, unix.EINTR) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if sender, ok := from.(*unix.SockaddrNetlink); !ok || sender.Pid != 0 {
		return nil, nil // only the kernel is believed
	}
	messages, err := syscall.ParseNetlinkMessage(buffer[:read])
	if err != nil {
		return nil, errGarbled
	}
	return messages, nil
}

// snapshot is all that there is now. It needs no session and no capability.
func snapshot() (*Events, error) {
	var w watcher
	if err := w.snapshot(); err != nil {
		return nil, err
	}
	return w.take(len(w.pending)), nil
}

// snapshot replaces what is pending by all that there is.
func (w *watcher) snapshot() error {
	w.stale = false
	w.pending = []any{Mark{"snapshot-begin"}}
	for _, dump := range snapshotOrder {
		if err := w.dump(dump.request, dump.answer); err != nil {
			w.stale = true
			return failed(NoNetlink, "listing devices, addresses, routes and neighbours", err)
		}
	}
	w.pending = append(w.pending, Mark{"snapshot-end"})
	return nil
}

// dump lists one kind. One that changed under way is listed again, and once more at most: the changes follow as events.
func (w *watcher) dump(request, answer uint16) error {
	start := len(w.pending)
	for attempt := 0; ; attempt++ {
		asked := nl.NewNetlinkRequest(int(request), unix.NLM_F_DUMP)
		asked.AddData(dumpHeader(request))
		if request == unix.RTM_GETLINK {
			asked.AddData(nl.NewRtAttr(unix.IFLA_EXT_MASK, nl.Uint32Attr(skipStatistics)))
		}
		w.pending = w.pending[:start]
		err := asked.ExecuteIter(unix.NETLINK_ROUTE, answer, func(message []byte) bool {
			if len(w.pending) >= maxSnapshot {
				w.lost++
				return true
			}
			w.add(answer, 0, message)
			return true
		})
		if !errors.Is(err, netlink.ErrDumpInterrupted) || attempt == 1 {
			if errors.Is(err, netlink.ErrDumpInterrupted) || errors.Is(err, unix.EOPNOTSUPP) {
				return nil
			}
			return err
		}
	}
}

// dumpHeader asks for all families; the kernel checks the size.
func dumpHeader(request uint16) nl.NetlinkRequestData {
	switch request {
	case unix.RTM_GETNSID:
		return rtgenmsg{}
	case unix.RTM_GETLINK:
		return nl.NewIfInfomsg(unix.AF_UNSPEC)
	case unix.RTM_GETADDR:
		return nl.NewIfAddrmsg(unix.AF_UNSPEC)
	case unix.RTM_GETROUTE:
		return nl.NewRtMsg()
	}
	return &netlink.Ndmsg{}
}

// add turns a message into an event. The parser indexes what the kernel wrote: a surprise there costs one event.
func (w *watcher) add(kind, flags uint16, message []byte) {
	defer func() {
		if recover() != nil {
			w.lost++
		}
	}()
	event, err := parseMessage(kind, flags, message)
	if err != nil {
		w.lost++
	} else if event != nil {
		w.pending = append(w.pending, event)
	}
}

// rtgenmsg is one byte, the family, and what aligns it.
type rtgenmsg struct{}

func (rtgenmsg) Len() int          { return 4 }
func (rtgenmsg) Serialize() []byte { return make([]byte, 4) }
