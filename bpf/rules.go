package bpf

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const (
	// A table of 1,000 rules that is written anew makes 400 kB of messages.
	rulesBufferBytes = 8 << 20
	maxDatagrams     = 4096 // of one drain; the rest waits for the next
	maxTables        = 256  // of one drain: root may make as many as it likes
	nfgenmsgBytes    = 4
)

// TableChanges counts what changed in one table of nftables.
type TableChanges struct {
	Family  string `json:"family"` // nft's word: ip, ip6, inet, ...
	Table   string `json:"table"`
	Changes int    `json:"changes"`
}

// RuleChanges is what one drain gives, the table with most changes first.
type RuleChanges struct {
	Tables []TableChanges `json:"tables"`
	Cut    bool           `json:"cut"` // there were more than could be counted
}

type table struct{ family, name string }

// ruleWatcher counts what nftables says of changes: rules, chains, sets, their elements. iptables-nft writes nftables too;
// iptables-legacy tells nobody. Only counts leave it: one sync of kube-proxy's is thousands of messages.
type ruleWatcher struct {
	socket *nl.NetlinkSocket
	counts map[table]int
	cut    bool
}

func newRuleWatcher() (*ruleWatcher, error) {
	socket, err := nl.Subscribe(unix.NETLINK_NETFILTER, unix.NFNLGRP_NFTABLES)
	if err != nil {
		return nil, failed(NoNetlink, "subscribing to nftables", err)
	}
	if err := socket.SetReceiveBufferSize(rulesBufferBytes, true); err != nil {
		socket.Close()
		return nil, failed(NoNetlink, "sizing the nftables subscription's buffer", err)
	}
	return &ruleWatcher{socket: socket, counts: map[table]int{}}, nil
}

func (w *ruleWatcher) close() {
	if w != nil {
		w.socket.Close()
	}
}

// drain counts what came since the last one, and waits for nothing.
func (w *ruleWatcher) drain() (*RuleChanges, error) {
	buffer := make([]byte, maxMessageBytes) // not kept: rules change seldom
	for range maxDatagrams {
		more, err := w.receive(buffer)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	return w.take(), nil
}

func (w *ruleWatcher) take() *RuleChanges {
	result := &RuleChanges{[]TableChanges{}, w.cut}
	for of, changes := range w.counts {
		result.Tables = append(result.Tables, TableChanges{of.family, of.name, changes})
	}
	slices.SortFunc(result.Tables, func(a, b TableChanges) int {
		return cmp.Or(b.Changes-a.Changes, cmp.Compare(a.Family+" "+a.Table, b.Family+" "+b.Table))
	})
	w.counts, w.cut = map[table]int{}, false
	return result
}

func (w *ruleWatcher) receive(buffer []byte) (bool, error) {
	messages, err := receiveMessages(w.socket, buffer)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return false, nil
	case errors.Is(err, unix.ENOBUFS), errors.Is(err, errGarbled):
		w.cut = true
	case err != nil:
		return false, failed(NoNetlink, "reading nftables' events", err)
	}
	for _, message := range messages {
		w.add(message.Header.Type, message.Data)
	}
	return true, nil
}

func (w *ruleWatcher) add(kind uint16, message []byte) {
	of, changes := parseRuleChange(kind, message)
	if changes == 0 {
		return
	}
	if _, known := w.counts[of]; !known && len(w.counts) >= maxTables {
		w.cut = true
		return
	}
	w.counts[of] += changes
}

// netfilterFamilies by NFPROTO_*, in nft's words.
var netfilterFamilies = map[byte]string{1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}

// parseRuleChange tells whose table a message is about, and how many changes it is.
func parseRuleChange(kind uint16, message []byte) (of table, changes int) {
	const tableName = 1 // NFTA_*_TABLE of whatever is in a table, and NFTA_TABLE_NAME
	if kind>>8 != unix.NFNL_SUBSYS_NFTABLES || kind&0xff == unix.NFT_MSG_NEWGEN || len(message) < nfgenmsgBytes {
		return table{}, 0
	}
	attributes := message[nfgenmsgBytes:]
	changes = 1
	if kind&0xff == unix.NFT_MSG_NEWSETELEM || kind&0xff == unix.NFT_MSG_DELSETELEM {
		changes = lastingElements(attributes)
	}
	family, known := netfilterFamilies[message[0]]
	if !known {
		family = fmt.Sprintf("family %d", message[0])
	}
	name := strings.TrimRight(string(attribute(attributes, tableName)), "\x00")
	return table{family, name}, changes
}

// lastingElements leaves out those that have a time to live: ban lists and the like turn over all the time.
func lastingElements(attributes []byte) (count int) {
	for _, element := range netlinkAttributes(attribute(attributes, unix.NFTA_SET_ELEM_LIST_ELEMENTS)) {
		if attribute(element, unix.NFTA_SET_ELEM_TIMEOUT) == nil && attribute(element, unix.NFTA_SET_ELEM_EXPIRATION) == nil {
			count++
		}
	}
	return count
}

func attribute(bytes []byte, wanted uint16) []byte {
	for kind, value := range netlinkAttributes(bytes) {
		if kind == wanted {
			return value
		}
	}
	return nil
}

// netlinkAttributes walks struct nlattr (length, type) without the flags of types, as far as lengths are sound. Values are never nil.
func netlinkAttributes(bytes []byte) func(yield func(kind uint16, value []byte) bool) {
	const header, typeMask = 4, 0x3fff
	return func(yield func(uint16, []byte) bool) {
		for len(bytes) >= header {
			length := int(binary.NativeEndian.Uint16(bytes))
			if length < header || length > len(bytes) {
				return
			}
			if !yield(binary.NativeEndian.Uint16(bytes[2:])&typeMask, bytes[header:length]) {
				return
			}
			bytes = bytes[min((length+3)&^3, len(bytes)):]
		}
	}
}

// untoldRules says whose changes nobody is told of; empty where all are.
func untoldRules(noRules error) string {
	if noRules != nil {
		return noRules.Error()
	}
	legacy := map[string]bool{}
	for _, file := range []string{"ip_tables_names", "ip6_tables_names"} {
		names, _ := os.ReadFile("/proc/thread-self/net/" + file) // absent without the module
		for _, name := range strings.Fields(string(names)) {
			legacy[name] = true
		}
	}
	if len(legacy) == 0 {
		return ""
	}
	return fmt.Sprintf("iptables-legacy has tables here (%s), of whose changes the kernel tells nobody",
		strings.Join(slices.Sorted(maps.Keys(legacy)), ", "))
}
