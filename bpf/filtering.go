package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"hoplens/bpf/pcap"
)

// Problem is what is wrong with a filter, and from which byte on.
type Problem struct {
	Message string `json:"message"`
	At      int    `json:"at"`
}

// Filtering says whether a filter is in force, and if not, why.
type Filtering struct {
	Problem *Problem `json:"problem,omitempty"`
	// Missing is why what happens between the hops is not filtered: drops and queues are then told of by the sample only.
	Missing string `json:"missing,omitempty"`
}

// copies are the programs that ask the filter, by the program that calls them.
type copies map[string]*ebpf.Program

func (c copies) close() error {
	var problems []error
	for _, program := range c {
		problems = append(problems, program.Close())
	}
	return errors.Join(problems...)
}

// compileFilter takes no session: it is no reason to let others wait. An empty expression has no body.
func compileFilter(expression string) (asm.Instructions, *Problem) {
	if expression == "" {
		return nil, nil
	}
	program, err := pcap.Compile(expression)
	var wrong *pcap.Error
	switch {
	case errors.As(err, &wrong):
		return nil, &Problem{wrong.Message, wrong.At}
	case err != nil:
		return nil, &Problem{Message: err.Error()}
	}
	body, err := translate(program)
	if err != nil {
		return nil, &Problem{Message: err.Error()}
	}
	return body, nil
}

// Filter replaces the filter by another, at each hop from one packet to the next; an empty expression by none. It is asked
// while `filtering` of the sample's `config` is set, which is the caller's to do. One with a problem changes nothing, or is
// to be removed where it was put half.
func (s *Session) Filter(expression string) (*Filtering, error) {
	body, problem := compileFilter(expression)
	return s.filter(body, problem)
}

func (s *Session) filter(body asm.Instructions, problem *Problem) (*Filtering, error) {
	if problem != nil {
		return &Filtering{Problem: problem}, nil
	}
	if body == nil {
		return &Filtering{}, s.removeFilter()
	}
	if err := s.filterHops(body); err != nil {
		return &Filtering{Problem: &Problem{Message: fmt.Sprintf("the kernel does not take it: %v", err)}}, nil
	}
	var missing error
	for _, watched := range []*tracepoints{s.drops, s.queues} {
		missing = errors.Join(missing, watched.filter(body))
	}
	if missing != nil {
		return &Filtering{Missing: missing.Error()}, nil
	}
	return &Filtering{}, nil
}

func (s *Session) filterHops(body asm.Instructions) error {
	spec, err := hopsSpec(s.options, s.cpus)
	if err != nil {
		return err
	}
	shared := sharedMaps(s.objects)
	shared["headers"], shared["filtered"] = s.objects.Headers, s.objects.Filtered
	loaded, err := loadCopies(spec, body, shared)
	if err != nil {
		return err
	}
	defer loaded.close() // the array holds them
	return errors.Join(s.objects.Filtered.Put(uint32(hoplensDirectionINGRESS), loaded["hoplens_ingress"]),
		s.objects.Filtered.Put(uint32(hoplensDirectionEGRESS), loaded["hoplens_egress"]))
}

func (s *Session) removeFilter() error {
	problems := clearArray(s.objects.Filtered)
	for _, watched := range []*tracepoints{s.drops, s.queues} {
		problems = errors.Join(problems, watched.removeFilter())
	}
	if problems != nil {
		return failed(Internal, "removing the filter", problems)
	}
	return nil
}

func clearArray(programs *ebpf.Map) (problems error) {
	for key := range programs.MaxEntries() {
		if err := programs.Delete(key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			problems = errors.Join(problems, err)
		}
	}
	return problems
}

// loadCopies loads programs that ask the filter, onto the maps of those that do not.
func loadCopies(spec *ebpf.CollectionSpec, body asm.Instructions, shared map[string]*ebpf.Map) (copies, error) {
	if err := spec.Variables["asks_filter"].Set(true); err != nil {
		return nil, err
	}
	for name, program := range spec.Programs {
		var err error
		if program.Instructions, err = withFilter(program.Instructions, body); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, m := range shared {
		spec.Maps[name].MaxEntries = m.MaxEntries()
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: shared})
	if err != nil {
		return nil, err
	}
	defer collection.Close()
	loaded := copies{}
	for name := range spec.Programs {
		loaded[name] = collection.DetachProgram(name)
	}
	return loaded, nil
}
