package pcap

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/bpf"
)

// MaxBytes is the longest expression that is compiled.
const MaxBytes = 2048

// Error is what is wrong with an expression, and from which byte on.
type Error struct {
	Message string
	At      int
}

func (e *Error) Error() string { return e.Message }

type token struct {
	text string
	at   int
}

// tokens keeps accessors such as tcp[13] and addresses of IPv6 whole.
var tokens = regexp.MustCompile(`[A-Za-z0-9_]+\[[^\]]*\]|[A-Za-z0-9_.:/\\-]+|&&|\|\||<<|>>|[<>=!]=|\S`)

func split(expression string) []token {
	var found []token
	for _, span := range tokens.FindAllStringIndex(expression, -1) {
		found = append(found, token{expression[span[0]:span[1]], span[0]})
	}
	return found
}

// Words of the language. Any other word would be looked up: as a host in the DNS, which waits and tells others what is asked.
var words = strings.Fields(`
	and or not host net mask port portrange src dst proto gateway less greater len broadcast multicast
	ip ip6 tcp udp sctp icmp icmp6 igmp igrp pim ah esp vrrp carp tcpflags icmptype icmpcode icmp6type icmp6code`)

// Only names that the language gives to numbers: any other would be asked of the DNS as well.
var constant = regexp.MustCompile(`^(tcp-(fin|syn|rst|push|ack|urg|ece|cwr)` +
	`|icmp-(echoreply|unreach|sourcequench|redirect|echo|routeradvert|routersolicit|timxceed|paramprob|tstamp|tstampreply|ireq|ireqreply|maskreq|maskreply)` +
	`|icmp6-(destinationunreach|packettoobig|timeexceeded|parameterproblem|echo|echoreply|multicastlistenerquery|multicastlistenerreportv1` +
	`|multicastlistenerdone|routersolicit|routeradvert|neighborsolicit|neighboradvert|redirect|routerrenum|nodeinformationquery|nodeinformationresponse` +
	`|ineighbordiscoverysolicit|ineighbordiscoveryadvert|multicastlistenerreportv2|homeagentdiscoveryrequest|homeagentdiscoveryreply` +
	`|mobileprefixsolicit|mobileprefixadvert|certpathsolicit|certpathadvert|multicastrouteradvert|multicastroutersolicit|multicastroutertermination)` +
	`|0x[0-9a-fA-F]+(:[124])?|[0-9]+([-:][0-9]+)?|[0-9]+(\.[0-9]+){1,3}(/[0-9]+)?)$`)

func isKnown(word, before string) bool {
	// Behind `proto` a keyword is the name of a protocol, and escaped; anywhere else that makes a name of it.
	if before == "proto" && slices.Contains(words, strings.TrimPrefix(word, `\`)) {
		return true
	}
	if slices.Contains(words, word) || constant.MatchString(word) {
		return true
	}
	_, noAddress := netip.ParseAddr(word)
	_, noPrefix := netip.ParsePrefix(word)
	return noAddress == nil || noPrefix == nil
}

var wordlike = regexp.MustCompile(`^[A-Za-z0-9_.:/\\-]{2,}$|^[A-Za-z]`)

func checkWords(found []token) *Error {
	before := ""
	for _, each := range found {
		word, _, _ := strings.Cut(each.text, "[")
		isUnknown := wordlike.MatchString(word) && !isKnown(word, before)
		before = word
		if isUnknown {
			return &Error{fmt.Sprintf("%q is neither a word of tcpdump's that is known here nor an address", word), each.at}
		}
	}
	return nil
}

// Compile gives the program of an expression: an *Error where it is wrong, ErrMissing where nobody can say.
func Compile(expression string) ([]bpf.RawInstruction, error) {
	if len(expression) > MaxBytes {
		return nil, &Error{fmt.Sprintf("%d bytes are too long, at most %d", len(expression), MaxBytes), MaxBytes}
	}
	if at := strings.IndexFunc(expression, func(r rune) bool { return r < ' ' || r > '~' }); at >= 0 {
		return nil, &Error{"only plain ASCII characters", at}
	}
	found := split(expression)
	if problem := checkWords(found); problem != nil {
		return nil, problem
	}
	program, err := compile(expression)
	if err == nil || errors.Is(err, ErrMissing) {
		return program, err
	}
	return nil, &Error{err.Error(), place(expression, found)}
}

// endings make a whole expression of a beginning that could go on.
var endings = []string{"", " tcp", " host 1.2.3.4", " 1.2.3.4", " ::1", " 1", " 1-2", " = 1", " net 10", " port 1", ` \tcp`}

// place is where an expression goes wrong, which libpcap does not say: behind the longest beginning that could go on.
func place(expression string, found []token) int {
	for count := len(found); count > 0; count-- {
		last := found[count-1]
		end := last.at + len(last.text)
		if !canGoOn(expression[:end]) {
			continue
		}
		if count == len(found) {
			return end
		}
		return found[count].at
	}
	return 0
}

func canGoOn(beginning string) bool {
	open := max(0, strings.Count(beginning, "(")-strings.Count(beginning, ")"))
	return slices.ContainsFunc(endings, func(ending string) bool {
		_, err := compile(beginning + ending + strings.Repeat(")", open))
		return err == nil
	})
}
