package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const blocksPerSecond = 20

// smallWindow is the buffer of a receiver that never lets more than a few segments be on their way.
var smallWindow = option{unix.SOL_SOCKET, unix.SO_RCVBUF, 2048}

func tcpOptions(s settings) (options []option) {
	if s.mss > 0 {
		options = append(options, option{unix.IPPROTO_TCP, unix.TCP_MAXSEG, s.mss})
	}
	if s.smallWindow {
		options = append(options, smallWindow)
	}
	return options
}

func connect(s settings, port int) (*net.TCPConn, error) {
	dialer := net.Dialer{Timeout: 5 * time.Second, Control: setting(tcpOptions(s))}
	if s.smallWindow {
		port += smallWindowPorts
	}
	connection, err := dialer.Dial("tcp", netip.AddrPortFrom(s.to, uint16(port)).String())
	if err != nil {
		return nil, err
	}
	return connection.(*net.TCPConn), nil
}

// onEach runs one connection for each flow.
func onEach(s settings, port int, use func(connection *net.TCPConn, flow int) (int, error)) (sum int, err error) {
	var mutex sync.Mutex
	var group sync.WaitGroup
	for flow := range s.flows {
		group.Go(func() {
			count, failed := 0, error(nil)
			connection, failed := connect(s, port)
			if failed == nil {
				count, failed = use(connection, flow)
				_ = connection.Close()
			}
			mutex.Lock()
			defer mutex.Unlock()
			sum, err = sum+count, errors.Join(err, failed)
		})
	}
	group.Wait()
	return sum, err
}

// sendBulk sends streams, each as fast as its share of the rate, and waits until the receiver has taken all.
func sendBulk(s settings, until time.Time) (int, error) {
	blockBytes := s.bytesPerS / s.flows / blocksPerSecond / wordBytes * wordBytes
	return onEach(s, portBulk, func(connection *net.TCPConn, flow int) (int, error) {
		block := make([]byte, blockBytes)
		_ = connection.SetWriteDeadline(until.Add(2 * time.Second))
		count, err := pace(blocksPerSecond, until, func(number int) error {
			fill(block, uint8(flow), uint64(number*blockBytes/wordBytes))
			_, err := connection.Write(block)
			return err
		})
		if errors.Is(err, unix.ETIMEDOUT) || isTimeout(err) {
			err = nil // a tiny window on a bad network: what came through counts
		}
		_ = connection.CloseWrite()
		_ = connection.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, _ = io.Copy(io.Discard, connection)
		return count, err
	})
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

const (
	requestBytes = 200
	answerBytes  = 304
)

// sendRequests asks for small answers, one after the other on each connection.
func sendRequests(s settings, until time.Time) (int, error) {
	perSecond := max(5, s.rate/s.flows)
	return onEach(s, portRequests, func(connection *net.TCPConn, flow int) (int, error) {
		request, answer := make([]byte, requestBytes), make([]byte, answerBytes)
		count, err := pace(perSecond, until, func(number int) error {
			fill(request, uint8(flow), uint64(number)*requestBytes/wordBytes)
			_ = connection.SetDeadline(time.Now().Add(3 * time.Second))
			if _, err := connection.Write(request); err != nil {
				return err
			}
			_, err := io.ReadFull(connection, answer)
			return err
		})
		if isTimeout(err) {
			err = nil
		}
		return count, err
	})
}

// serveTCP serves at a port, and at another with a small window.
func serveTCP(port int, serve func(connection net.Conn)) error {
	return errors.Join(listenTCP(port, serve), listenTCP(port+smallWindowPorts, serve, smallWindow))
}

func listenTCP(port int, serve func(connection net.Conn), options ...option) error {
	listener, err := listening(options).Listen(background, "tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				serve(connection)
			}()
		}
	}()
	return nil
}

func takeBulk(connection net.Conn) { _, _ = io.Copy(io.Discard, connection) }

// answerRequests answers with the flow that the request is of, counted from flowAnswers.
func answerRequests(connection net.Conn) {
	request, answer := make([]byte, requestBytes), make([]byte, answerBytes)
	for number := 0; ; number++ {
		if _, err := io.ReadFull(connection, request); err != nil {
			return
		}
		fill(answer, flowAnswers+request[2], uint64(number)*answerBytes/wordBytes)
		if _, err := connection.Write(answer); err != nil {
			return
		}
	}
}
