package bpf

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// hooks is one of the two ways to sit at a device.
type hooks interface {
	name() string
	attach(ifindex int) (attachment, error)
}

// attachment is our programs at one device, ingress and egress.
type attachment interface {
	alive() bool   // whether they still sit there
	detach() error // not an error where the device is gone
}

type attachedDevice struct {
	slot       int
	attachment attachment // holds the links: they close when garbage is collected
}

// Session owns everything: programs, maps, attachments, the netlink subscription and the claim on the namespace.
type Session struct {
	options  Options
	cpus     int
	types    *btf.Spec
	claim    int
	objects  *hoplensObjects
	netlink  *netlink.Handle
	hooks    hooks
	tcx      bool // the kernel has it, whether we use it or not
	slots    slots
	attached map[int]*attachedDevice
	watcher  *watcher
	rules    *ruleWatcher

	drops    *tracepoints
	queues   *tracepoints
	noDrops  error // why they are not watched
	noQueues error
	noRules  error
}

// Open loads the programs and, unless it only examines, removes what an earlier agent left behind. It attaches nothing to
// devices.
func Open(options Options) (*Session, error) {
	if err := options.check(); err != nil {
		return nil, fail(BadRequest, "opening", err)
	}
	session := &Session{options: options, claim: -1, attached: map[int]*attachedDevice{}}
	session.slots.limit = options.MaxDevices
	if err := session.open(); err != nil {
		session.Close()
		return nil, err
	}
	return session, nil
}

func (s *Session) open() (err error) {
	if !s.options.Examine {
		if s.claim, err = claim(); err != nil {
			return err
		}
	}
	if s.netlink, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return failed(NoNetlink, "opening a netlink socket", err)
	}
	if !s.options.Examine {
		if err = removeStale(s.netlink); err != nil {
			return err
		}
	}
	if s.cpus, err = ebpf.PossibleCPU(); err != nil {
		return failed(Internal, "counting CPUs", err)
	}
	if s.objects, s.types, err = load(s.options, s.cpus); err != nil {
		return err
	}
	chosen, err := chooseHooks(s.options.Hooks)
	if err != nil {
		return err
	}
	if chosen == "tcx" {
		s.hooks = tcxHooks{&s.objects.hoplensPrograms}
	} else {
		s.hooks = clsactHooks{&s.objects.hoplensPrograms, s.netlink}
	}
	_, err = tcxPrograms(loopback, ebpf.AttachTCXIngress)
	s.tcx = err == nil
	watch := func(names []string) (*tracepoints, error) {
		return watchTracepoints(s.objects, s.cpus, s.options.hopsPerCPU(), names)
	}
	if s.options.Drops {
		s.drops, s.noDrops = watch(dropPrograms)
	}
	if s.options.Queues {
		s.queues, s.noQueues = watch(queuePrograms)
	}
	s.rules, s.noRules = newRuleWatcher()
	s.watcher, err = newWatcher()
	return err
}

// Close detaches everything. What is nil was never opened.
func (s *Session) Close() error {
	if s == nil {
		return nil
	}
	var problems []error
	for ifindex := range s.attached {
		problems = append(problems, s.Detach(ifindex))
	}
	s.watcher.close()
	s.rules.close()
	problems = append(problems, s.drops.close(), s.queues.close())
	if s.objects != nil {
		problems = append(problems, s.objects.Close())
	}
	if s.netlink != nil {
		s.netlink.Close()
	}
	if s.claim >= 0 {
		unix.Close(s.claim)
	}
	*s = Session{claim: -1}
	return errors.Join(problems...)
}

// Mapping is a map for the caller to mmap. The file descriptor stays the library's.
type Mapping struct {
	FD     int `json:"fd"`
	Bytes  int `json:"bytes"`
	PerCPU int `json:"perCpu,omitempty"`
}

// Description is what the caller must know to read the maps.
type Description struct {
	Hooks    string                       `json:"hooks"`
	CPUs     int                          `json:"cpus"` // possible ones
	PageSize int                          `json:"pageSize"`
	Ring     Mapping                      `json:"ring"`
	Hops     Mapping                      `json:"hops"`    // by cpu * perCpu + hop
	CPUsMap  Mapping                      `json:"cpusMap"` // by cpu * perCpu + chooser
	Config   Mapping                      `json:"config"`
	Drops    Drops                        `json:"drops"`
	Queues   Queues                       `json:"queues"`
	EventsFD int                          `json:"eventsFd"` // readable when there are events to drain
	Rules    Rules                        `json:"rules"`
	Layout   map[string]Layout            `json:"layout"`
	Enums    map[string]map[string]uint64 `json:"enums"`
}

// Drops is where dropped packets are told of.
type Drops struct {
	Missing string            `json:"missing,omitempty"` // why they are not
	Places  *Mapping          `json:"places,omitempty"`  // by drop - 1
	Counts  *Mapping          `json:"counts,omitempty"`  // by cpu * perCpu + reason
	Reasons map[string]uint64 `json:"reasons,omitempty"` // names of this kernel
	Program int               `json:"program,omitempty"` // file descriptor: its fdinfo counts runs that the kernel left out
	Pages   bool              `json:"pages"`             // whether bytes behind a packet's linear part are read
}

// Rules is where changes of netfilter's rules are told of.
type Rules struct {
	Missing string `json:"missing,omitempty"` // of whose nobody is told
	FD      int    `json:"fd"`                // readable when there are changes to drain; negative: there never will be
}

func (s *Session) describeRules() Rules {
	if s.rules == nil {
		return Rules{untoldRules(s.noRules), -1}
	}
	return Rules{untoldRules(nil), s.rules.socket.GetFd()}
}

// Queues is whether uplinks' queues are watched.
type Queues struct {
	Missing string `json:"missing,omitempty"` // why they are not
}

func missing(watched *tracepoints, reason error) string {
	switch {
	case watched != nil:
		return ""
	case reason == nil:
		return "switched off"
	}
	return reason.Error()
}

func (s *Session) describeDrops() Drops {
	if s.drops == nil {
		return Drops{Missing: missing(s.drops, s.noDrops)}
	}
	reasons, err := dropReasons()
	if err != nil {
		return Drops{Missing: err.Error()}
	}
	places, counts := mapping(s.drops.programs.Maps["drop_places"]), mapping(s.drops.programs.Maps["drop_counts"])
	counts.PerCPU = dropReasonCounts
	program := s.drops.programs.Programs[dropPrograms[0]].FD()
	return Drops{Places: &places, Counts: &counts, Reasons: reasons, Program: program, Pages: s.drops.pages}
}

func mapping(m *ebpf.Map) Mapping { return Mapping{FD: m.FD(), Bytes: mapBytes(m)} }

func (s *Session) Describe() (*Description, error) {
	structs, err := layouts(s.types)
	if err != nil {
		return nil, err
	}
	named, err := enums(s.types)
	if err != nil {
		return nil, err
	}
	description := &Description{
		Hooks:    s.hooks.name(),
		CPUs:     s.cpus,
		PageSize: os.Getpagesize(),
		Ring:     Mapping{FD: s.objects.Ring.FD(), Bytes: s.options.RingBytes},
		Hops:     mapping(s.objects.Hops),
		CPUsMap:  mapping(s.objects.Cpus),
		Config:   mapping(s.objects.Config),
		Drops:    s.describeDrops(),
		Queues:   Queues{missing(s.queues, s.noQueues)},
		EventsFD: s.watcher.socket.GetFd(),
		Rules:    s.describeRules(),
		Layout:   structs,
		Enums:    named,
	}
	description.Hops.PerCPU = s.options.hopsPerCPU()
	description.CPUsMap.PerCPU = choosers
	return description, nil
}

// Programs lists what runs at a device, ours included: when examining those of the agent that runs here, by their names.
func (s *Session) Programs(ifindex int) (Programs, error) {
	programs, err := programsAt(s.netlink, &s.objects.hoplensPrograms, s.tcx, ifindex)
	if s.options.Examine {
		programs.ownByName()
	}
	return programs, err
}

// Endpoint is one end of a connection of our own.
type Endpoint struct {
	Address netip.Addr `json:"address"`
	Port    uint16     `json:"port"`
}

// Exclude replaces the endpoints whose packets are counted and never sampled. Their bits in own_ports are the caller's.
func (s *Session) Exclude(endpoints []Endpoint) error {
	const doing = "excluding our own connections"
	wanted := map[hoplensEndpoint]bool{}
	for _, endpoint := range endpoints {
		if !endpoint.Address.IsValid() || endpoint.Port == 0 {
			return fail(BadRequest, doing, fmt.Errorf("%v is not an address with a port", endpoint))
		}
		wanted[hoplensEndpoint{Address: endpoint.Address.As16(), Port: endpoint.Port}] = true
	}
	if limit := int(s.objects.OwnEndpoints.MaxEntries()); len(wanted) > limit {
		return fail(TableFull, doing, fmt.Errorf("%d endpoints, at most %d", len(wanted), limit))
	}
	if err := replaceKeys(s.objects.OwnEndpoints, wanted); err != nil {
		return failed(Internal, doing, err)
	}
	return nil
}

// replaceKeys removes before it adds: a full table has no place for one more.
func replaceKeys(m *ebpf.Map, wanted map[hoplensEndpoint]bool) error {
	var unwanted []hoplensEndpoint
	var key hoplensEndpoint
	var value uint8
	entries := m.Iterate()
	for entries.Next(&key, &value) {
		if !wanted[key] {
			unwanted = append(unwanted, key)
		}
	}
	if err := entries.Err(); err != nil {
		return err
	}
	for _, key := range unwanted {
		if err := m.Delete(key); err != nil {
			return err
		}
	}
	for key := range wanted {
		if err := m.Put(key, uint8(1)); err != nil {
			return err
		}
	}
	return nil
}
