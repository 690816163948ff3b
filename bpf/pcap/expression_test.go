package pcap

import (
	"errors"
	"strings"
	"testing"
)

func TestErrorsStandAtTheirPlace(t *testing.T) {
	for _, each := range []struct {
		expression string
		at         int
		says       string
	}{
		{"tcp port 80 and", 15, "syntax error"},
		{"tcp port 80 and and udp", 16, "syntax error"},
		{"tcp port", 8, "syntax error"},
		{"(tcp or udp", 11, "syntax error"},
		{"tcp) or udp", 3, "syntax error"},
		{"host 10.0.0.1 and tcp port 99999", 27, "99999"},
		{"tcp[13] & 2", 11, "syntax error"},
		{"host web and tcp", 5, `"web" is neither`},
		{"ether host 1", 0, `"ether" is neither`},
		{"port http", 5, `"http" is neither`},
		{"host tcp-web", 5, `"tcp-web" is neither`},
		{`host \tcp`, 5, `"\\tcp" is neither`},
		{"tcp \u2028", 4, "ASCII"},
		{strings.Repeat("tcp or ", 300) + "tcp", MaxBytes, "too long"},
	} {
		_, err := Compile(each.expression)
		var problem *Error
		if !errors.As(err, &problem) || problem.At != each.at || !strings.Contains(problem.Message, each.says) {
			t.Errorf("%q: %+v, want %q at %d", each.expression, err, each.says, each.at)
		}
	}
}

func TestCompilesWhatTcpdumpDoes(t *testing.T) {
	for _, expression := range []string{
		"", "tcp port 80 and host 10.244.1.5", "ip6 and udp", "net 10.244.0.0/16 or fd00::/8", "src net 10.0.0.0 mask 255.0.0.0",
		"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "ip[2:2] > 576", "portrange 80-90", "icmp[icmptype] = icmp-echo",
		`ip proto \tcp`, "less 100", "not (host ::1 or port 53)", "ip multicast",
	} {
		if program, err := Compile(expression); err != nil || len(program) == 0 {
			t.Errorf("%q: %v", expression, err)
		}
	}
}
