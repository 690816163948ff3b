// The wire joins the uplinks of a lab's nodes: one TAP device per port, a program between them that delays, drops,
// duplicates and reorders frames where it is told to, and writes down what it did to which.
//
//	wire -log FILE [-seed N] [-settings JSON] PORT PORT...
//
// It makes the TAP devices in its own network namespace, from where they may be moved. Standard input takes requests,
// one JSON object per line, standard output says {"ready":true} and answers. SIGTERM ends it.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	logPath := flag.String("log", "", "file for one JSON line per frame that something was done to")
	seed := flag.Uint64("seed", 1, "of the random decisions")
	settings := flag.String("settings", "{}", "rules by direction, as JSON")
	flag.Parse()
	if err := run(*logPath, *seed, *settings, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "wire:", err)
		os.Exit(1)
	}
}

func run(logPath string, seed uint64, settings string, names []string) error {
	if logPath == "" || len(names) < 2 {
		return errors.New("usage: wire -log FILE [-seed N] [-settings JSON] PORT PORT...")
	}
	failed := make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default:
		}
	}
	file, err := os.Create(logPath)
	if err != nil {
		return err
	}
	log := newEventLog(file, fail)
	fabric, taps, err := connect(names, log, seed, fail)
	if err != nil {
		return err
	}
	var initial map[string]json.RawMessage
	if err := strict([]byte(settings), &initial); err != nil {
		return fmt.Errorf("-settings: %w", err)
	}
	if err := fabric.set(initial); err != nil {
		return err
	}
	for port, tap := range taps {
		go pump(tap, fabric, port, fail)
	}
	go serve(fabric, log)
	return untilEnd(fabric, log, failed)
}

// connect makes the ports and a direction from each to each other one.
func connect(names []string, log *eventLog, seed uint64, fail func(error)) (*fabric, []*os.File, error) {
	var taps []*os.File
	for _, name := range names {
		tap, err := openTap(name)
		if err != nil {
			return nil, nil, err
		}
		taps = append(taps, tap)
	}
	lanes := make([][]*direction, len(names))
	for from := range names {
		lanes[from] = make([]*direction, len(names))
		for to := range names {
			if from == to {
				continue
			}
			alarm, err := newAlarm()
			if err != nil {
				return nil, nil, err
			}
			// Directions draw from sequences of their own: what happens to one does not depend on the others.
			laneSeed := seed<<16 | uint64(from)<<8 | uint64(to)
			lane := newDirection(names[from]+">"+names[to], taps[to], log, laneSeed, alarm.set)
			lanes[from][to] = lane
			go ring(alarm, lane, fail)
		}
	}
	return newFabric(lanes), taps, nil
}

func ring(alarm *alarm, lane *direction, fail func(error)) {
	for {
		if err := alarm.wait(); err != nil {
			fail(err)
			return
		}
		lane.deliver(nanotime())
	}
}

func pump(tap *os.File, fabric *fabric, port int, fail func(error)) {
	frame := make([]byte, 1<<17)
	for {
		n, err := tap.Read(frame)
		if err != nil {
			fail(fmt.Errorf("reading port %d: %w", port, err))
			return
		}
		fabric.forward(frame[:n], port, nanotime())
	}
}

// serve answers requests. When standard input ends the wire goes on: a lab may outlive who made it.
func serve(fabric *fabric, log *eventLog) {
	var mutex sync.Mutex
	say := func(a answer) {
		mutex.Lock()
		defer mutex.Unlock()
		log.flush()
		_ = json.NewEncoder(os.Stdout).Encode(a)
	}
	say(answer{Ready: true})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		say(fabric.answer(lines.Bytes()))
	}
}

func untilEnd(fabric *fabric, log *eventLog, failed <-chan error) error {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	flush := time.NewTicker(200 * time.Millisecond) // for whoever reads the file alone
	for {
		select {
		case <-flush.C:
			log.flush()
		case err := <-failed:
			return err
		case <-ended:
			log.write(map[string]any{"timeNs": nanotime(), "counters": fabric.counters()})
			log.flush()
			return nil
		}
	}
}
