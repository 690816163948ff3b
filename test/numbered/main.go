// Numbered traffic: everything that the matrix of tests sends, of which each payload says which one it is.
//
//	numbered receive [-group ADDRESS]...
//	numbered send -to ADDRESS [-for 1s] [-tcp bulk|requests] [-datagrams udp|dns|quic|fragments|reversed]
//	              [-others echo|errors|sctp|multicast] [-flows N] [-mss N] [-small-window] [-gso] [-gro] [-no-checksum] ...
//	numbered bigtcp DEVICE BYTES
//
// The receiver says "listening" on standard output and stays until it is ended; the sender ends by itself, with one JSON
// object that counts what it sent.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

type settings struct {
	to          netip.Addr
	group       netip.Addr
	duration    time.Duration
	tcp         string
	datagrams   string
	others      string
	flows       int
	mss         int
	smallWindow bool
	gso         bool
	gro         bool
	noChecksum  bool
	bytesPerS   int // of a bulk transfer
	rate        int // datagrams and others, per second
}

// ports of the receiver.
const (
	portBulk     = 7001
	portRequests = 7002
	portDatagram = 7003
	portMerged   = 7004 // takes what GRO merged as it is
	portClosed   = 7009
	portDNS      = 53
	portQUIC     = 4433
	portSCTP     = 7010

	smallWindowPorts = 100 // above those with windows of the usual size
)

// flows of a sender: TCP connections count from 0, their answers from 64.
const (
	flowAnswers   = 64
	flowDatagrams = 128
	flowReplies   = 129
	flowOthers    = 160
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "numbered:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("say receive, send or bigtcp")
	}
	switch command, rest := arguments[0], arguments[1:]; command {
	case "receive":
		return receive(rest)
	case "send":
		return sendCommand(rest)
	case "bigtcp":
		return bigTCP(rest)
	default:
		return fmt.Errorf("%q is no command", command)
	}
}

func address(to *netip.Addr) func(string) error {
	return func(text string) (err error) {
		*to, err = netip.ParseAddr(text)
		return err
	}
}

func sendCommand(arguments []string) error {
	var s settings
	flags := flag.NewFlagSet("send", flag.ContinueOnError)
	flags.Func("to", "the receiver's `address`", address(&s.to))
	flags.Func("group", "multicast `address`", address(&s.group))
	flags.DurationVar(&s.duration, "for", time.Second, "how long")
	flags.StringVar(&s.tcp, "tcp", "", "bulk or requests")
	flags.StringVar(&s.datagrams, "datagrams", "", "udp, dns, quic, fragments or reversed")
	flags.StringVar(&s.others, "others", "", "echo, errors, sctp or multicast")
	flags.IntVar(&s.flows, "flows", 1, "TCP connections")
	flags.IntVar(&s.mss, "mss", 0, "bytes of a TCP segment at most")
	flags.BoolVar(&s.smallWindow, "small-window", false, "TCP windows of a few segments")
	flags.BoolVar(&s.gso, "gso", false, "ten datagrams in one call (UDP_SEGMENT)")
	flags.BoolVar(&s.gro, "gro", false, "to the port that takes merged datagrams (UDP_GRO)")
	flags.BoolVar(&s.noChecksum, "no-checksum", false, "UDP without checksum")
	flags.IntVar(&s.bytesPerS, "bytes-per-second", 8_000_000, "of all bulk connections")
	flags.IntVar(&s.rate, "rate", 400, "datagrams, and others, per second")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if !s.to.IsValid() {
		return fmt.Errorf("-to says where to")
	}
	return send(s)
}

// sender sends until the time is over, and gives how much it sent.
type sender func(s settings, until time.Time) (int, error)

func send(s settings) error {
	chosen := map[string]sender{}
	for name, kind := range map[string]string{"tcp": s.tcp, "datagrams": s.datagrams, "others": s.others} {
		if kind == "" {
			continue
		}
		if chosen[name] = senders[kind]; chosen[name] == nil {
			return fmt.Errorf("there are no %s of kind %q", name, kind)
		}
	}
	sent, failed := sendAll(s, chosen)
	if len(failed) > 0 {
		return fmt.Errorf("%s", strings.Join(failed, "; "))
	}
	return json.NewEncoder(os.Stdout).Encode(sent)
}

var senders = map[string]sender{
	"bulk": sendBulk, "requests": sendRequests,
	"udp": sendUDP, "dns": sendDNS, "quic": sendQUIC, "fragments": sendFragments, "reversed": sendReversed,
	"echo": sendEchoes, "errors": sendErrors, "sctp": sendSCTP, "multicast": sendMulticast,
}

func sendAll(s settings, chosen map[string]sender) (sent map[string]int, failed []string) {
	sent = map[string]int{}
	until := time.Now().Add(s.duration)
	var mutex sync.Mutex
	var group sync.WaitGroup
	for name, sender := range chosen {
		group.Go(func() {
			count, err := sender(s, until)
			mutex.Lock()
			defer mutex.Unlock()
			sent[name] = count
			if err != nil {
				failed = append(failed, fmt.Sprintf("%s: %v", name, err))
			}
		})
	}
	group.Wait()
	return sent, failed
}

// pace calls act so many times a second until the time is over; act gets the call's number. What a pause of more than
// 50 ms missed is left out.
func pace(rate int, until time.Time, act func(number int) error) (int, error) {
	step := time.Second / time.Duration(rate)
	next := time.Now()
	for number := 0; ; number++ {
		now := time.Now()
		if !now.Before(until) {
			return number, nil
		}
		if now.Sub(next) > 50*time.Millisecond {
			next = now
		}
		time.Sleep(next.Sub(now))
		next = next.Add(step)
		if err := act(number); err != nil {
			return number, err
		}
	}
}
