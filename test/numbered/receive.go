package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

var background = context.Background()

// receive listens for everything that is sent, until it is ended.
func receive(arguments []string) error {
	flags := flag.NewFlagSet("receive", flag.ContinueOnError)
	var groups []netip.Addr
	flags.Func("group", "multicast `address` to join", func(text string) error {
		group, err := netip.ParseAddr(text)
		groups = append(groups, group)
		return err
	})
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if err := listen(groups); err != nil {
		return err
	}
	fmt.Println("listening")
	ended, stop := signal.NotifyContext(background, os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ended.Done()
	return nil
}

func listen(groups []netip.Addr) error {
	errs := []error{
		serveTCP(portBulk, takeBulk),
		serveTCP(portRequests, answerRequests),
		serveUDP(portDatagram, 0, option{unix.IPPROTO_UDP, unix.UDP_NO_CHECK6_RX, 1}),
		serveUDP(portMerged, 0, option{unix.IPPROTO_UDP, unix.UDP_NO_CHECK6_RX, 1}, option{unix.IPPROTO_UDP, unix.UDP_GRO, 1}),
		serveUDP(portDNS, 120, option{unix.IPPROTO_UDP, unix.UDP_NO_CHECK6_RX, 1}),
		serveUDP(portQUIC, 80, option{unix.IPPROTO_UDP, unix.UDP_NO_CHECK6_RX, 1}),
		takeRaw(unix.IPPROTO_SCTP),
	}
	for _, group := range groups {
		errs = append(errs, join(group))
	}
	return errors.Join(errs...)
}
