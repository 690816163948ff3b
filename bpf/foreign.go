package bpf

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
)

// Program is one that runs at a device.
type Program struct {
	Hook     string `json:"hook"` // tcx or clsact
	Name     string `json:"name"` // empty where only CAP_SYS_ADMIN may know it; a classifier's kind where it is no program
	ID       int    `json:"id"`
	Own      bool   `json:"own"`
	Priority int    `json:"priority,omitempty"` // clsact
}

// Programs are in the order in which they run: tcx comes before clsact.
type Programs struct {
	Ingress []Program `json:"ingress"`
	Egress  []Program `json:"egress"`
}

// hopPrograms are ours in hoplens.bpf.c.
var hopPrograms = []string{"hoplens_ingress", "hoplens_egress"}

// Counts of other people's programs.
type Counts struct {
	Ingress int `json:"ingress"`
	Egress  int `json:"egress"`
}

func (p Programs) foreign() Counts {
	count := func(programs []Program) (n int) {
		for _, program := range programs {
			if !program.Own {
				n++
			}
		}
		return n
	}
	return Counts{count(p.Ingress), count(p.Egress)}
}

// ownByName finds an agent's programs in another process. Where only CAP_SYS_ADMIN may know names, tcx programs have none.
func (p Programs) ownByName() {
	for _, programs := range [][]Program{p.Ingress, p.Egress} {
		for i := range programs {
			programs[i].Own = ownName(programs[i].Name) || slices.Contains(hopPrograms, programs[i].Name)
		}
	}
}

func programsAt(handle *netlink.Handle, own *hoplensPrograms, tcx bool, ifindex int) (Programs, error) {
	if ifindex < 1 || deviceIsGone(handle, ifindex) {
		return Programs{}, fail(DeviceGone, "listing a device's programs", fmt.Errorf("no device has ifindex %d", ifindex))
	}
	var ids [2]ebpf.ProgramID
	for i, program := range []*ebpf.Program{own.HoplensIngress, own.HoplensEgress} {
		id, err := programID(program)
		if err != nil {
			return Programs{}, failed(Internal, "reading our program's id", err)
		}
		ids[i] = id
	}
	var result [2][]Program
	for i, at := range []ebpf.AttachType{ebpf.AttachTCXIngress, ebpf.AttachTCXEgress} {
		result[i] = []Program{} // [] in JSON, not null
		if tcx {
			programs, err := tcxProgramsAt(ifindex, at, ids[i])
			if err != nil {
				return Programs{}, failed(NoBPF, "listing a device's tcx programs", err)
			}
			result[i] = append(result[i], programs...)
		}
		filters, err := clsactProgramsAt(handle, ifindex, parents[i], ids[i])
		if err != nil {
			return Programs{}, failed(NoNetlink, "listing a device's tc filters", err)
		}
		result[i] = append(result[i], filters...)
	}
	return Programs{result[0], result[1]}, nil
}

func tcxProgramsAt(ifindex int, at ebpf.AttachType, own ebpf.ProgramID) ([]Program, error) {
	attached, err := tcxPrograms(ifindex, at)
	if err != nil {
		return nil, err
	}
	var programs []Program
	for _, one := range attached {
		programs = append(programs, Program{Hook: "tcx", Name: programName(one.ID), ID: int(one.ID), Own: one.ID == own})
	}
	return programs, nil
}

func clsactProgramsAt(handle *netlink.Handle, ifindex int, parent uint32, own ebpf.ProgramID) ([]Program, error) {
	filters, err := filtersOf(handle, ifindex, parent)
	if err != nil {
		return nil, err
	}
	if parent == parentEgress && len(filters) > 0 {
		// An ingress qdisc has no egress and answers with its only list.
		if kind, err := qdiscKind(handle, ifindex); kind != "clsact" {
			return nil, err
		}
	}
	var programs []Program
	for _, filter := range filters {
		program := Program{Hook: "clsact", Name: filter.Type(), Priority: int(filter.Attrs().Priority)}
		if bpf, ok := filter.(*netlink.BpfFilter); ok {
			program.Name, program.ID, program.Own = bpf.Name, bpf.Id, bpf.Id == int(own)
		} else if last := len(programs) - 1; last >= 0 && programs[last] == program {
			continue // the rules of one classifier count as one
		}
		programs = append(programs, program)
	}
	return programs, nil
}

func programID(program *ebpf.Program) (ebpf.ProgramID, error) {
	info, err := program.Info()
	if err != nil {
		return 0, err
	}
	id, _ := info.ID()
	return id, nil
}

func programName(id ebpf.ProgramID) string {
	program, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return ""
	}
	defer program.Close()
	info, err := program.Info()
	if err != nil {
		return ""
	}
	return info.Name
}
