package main

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
)

func frame(parts ...string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Join(parts, ""), " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

const (
	link4 = "020000000002 020000000001 0800"
	link6 = "020000000002 020000000001 86dd"
)

var (
	ping      = frame(link4, "4500 0024 1234 4000 4001 0000 0af40102 0af40202", "0800 0000 0042 0005", "0011223344556677")
	vxlanPing = append(frame(link4, "4500 0056 0001 0000 4011 0000 c0a8010a c0a8010b", "c000 2118 0042 0000", "0800 0000 0000 0100"), ping...)
	segment   = frame(link4, "4500 0036 0007 4000 4006 0000 0af40102 0af40202",
		"1f90 0050 00000064 000000c8 8018 0100 0000 0000", "0101 080a 0000000a 0000000b", "6869")
	datagram6 = frame(link6, "60000000 000b 11 40 fd000010024400010000000000000002 fd000010024400020000000000000002", "0035 1f90 000b 0000", "616263")
	tail      = frame(link4, "4500 001c 0009 0010 4011 0000 0af40102 0af40202", "0011 2233 4455 6677")
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name  string
		frame []byte
		want  string
	}{
		{"ping", ping, `{"version":4,"source":"10.244.1.2","destination":"10.244.2.2","protocol":1,"id":4660,"icmpType":8,"icmpId":66,"icmpSequence":5,"payload":8,"head":"0011223344556677"}`},
		{"ping in VXLAN", vxlanPing, `{"vni":1,"version":4,"source":"10.244.1.2","destination":"10.244.2.2","protocol":1,"id":4660,"icmpType":8,"icmpId":66,"icmpSequence":5,"payload":8,"head":"0011223344556677"}`},
		{"TCP", segment, `{"version":4,"source":"10.244.1.2","destination":"10.244.2.2","protocol":6,"id":7,"sourcePort":8080,"destinationPort":80,"sequence":100,"acknowledgement":200,"tcpFlags":24,"timestamp":10,"timestampEcho":11,"payload":2}`},
		{"UDP over IPv6", datagram6, `{"version":6,"source":"fd00:10:244:1::2","destination":"fd00:10:244:2::2","protocol":17,"sourcePort":53,"destinationPort":8080,"payload":3,"head":"616263"}`},
		{"fragment", tail, `{"version":4,"source":"10.244.1.2","destination":"10.244.2.2","protocol":17,"id":9,"fragment":128}`},
		{"ARP", frame("ffffffffffff 020000000001 0806", "0001"), `null`},
	} {
		got, _ := json.Marshal(parse(c.frame))
		if string(got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		rule   string
		frame  []byte
		expect bool
	}{
		{`{}`, tail, true},
		{`{"tunnel": true}`, vxlanPing, true},
		{`{"tunnel": true}`, ping, false},
		{`{"tunnel": false}`, ping, true},
		{`{"protocol": "icmp"}`, vxlanPing, true},
		{`{"protocol": "udp"}`, vxlanPing, false},
		{`{"port": 80}`, segment, true},
		{`{"port": 81}`, segment, false},
		{`{"port": 80}`, ping, false},
		{`{"address": "10.244.2.2"}`, ping, true},
		{`{"address": "10.244.2.3"}`, ping, false},
		{`{"payload": true}`, segment, true},
		{`{"payload": false}`, segment, false},
		{`{"payload": false}`, tail, false},
		{`{"minimumLength": 60}`, ping, false},
		{`{"minimumLength": 50}`, ping, true},
		{`{"protocol": "tcp", "port": 80, "address": "10.244.1.2"}`, segment, true},
		{`{"protocol": "tcp"}`, []byte{1, 2, 3}, false},
	} {
		r, err := parseRules([]byte(`{"match": ` + c.rule + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Match.holds(c.frame); got != c.expect {
			t.Errorf("%s: %v", c.rule, got)
		}
	}
}

// Whatever is cut off or overwritten: parse reads nothing that is not there.
func FuzzParse(f *testing.F) {
	for _, seed := range [][]byte{ping, vxlanPing, segment, datagram6, tail} {
		for length := range seed {
			f.Add(seed[:length:length])
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if p := parse(frame); p != nil && p.Version != 4 && p.Version != 6 {
			t.Errorf("version %d", p.Version)
		}
	})
}
