package bpf

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cloudflare/cbpfc"
	netbpf "golang.org/x/net/bpf"
)

// matchesFilter is the function of filter.h that a filter takes the place of.
const matchesFilter = "matches_filter"

// Registers of a filter. cbpfc's packet is here a range of numbers, from 0 to how many bytes there are.
const (
	copied    = asm.R6 // the bytes of struct headers
	start     = asm.R7 // 0
	available = asm.R8
	length    = asm.R9
	place     = asm.R5 // where a load reads
)

const (
	filterBytes = int32(len(hoplensHeaders{}.Bytes))
	bytesOffset = int32(unsafe.Offsetof(hoplensHeaders{}.Bytes))
)

// translate turns a classic program into a function's body that takes a struct headers. cbpfc guards every load by the packet's
// end, but it loads from packets; what we have is memory, so a load goes through a mask that shows the verifier what the guard
// has seen to.
func translate(program []netbpf.RawInstruction) (asm.Instructions, error) {
	instructions, ok := netbpf.Disassemble(program)
	if !ok {
		return nil, fmt.Errorf("the compiled filter has instructions that are not known: %v", instructions)
	}
	translated, err := cbpfc.ToEBPF(instructions, cbpfc.EBPFOpts{
		PacketStart: start, PacketEnd: available, Result: asm.R0, ResultLabel: "filter_result",
		Working: [4]asm.Register{asm.R0, asm.R2, asm.R3, asm.R4}, LabelPrefix: "filter",
	})
	if err != nil {
		return nil, fmt.Errorf("translating the filter: %w", err)
	}
	body := asm.Instructions{
		asm.Mov.Reg(copied, asm.R1),
		asm.Mov.Imm(asm.R0, 0),
		asm.JEq.Imm(copied, 0, "filter_result"),
		asm.LoadMem(length, copied, 0, asm.Word),
		asm.LoadMem(available, copied, 4, asm.Word),
		asm.Add.Imm(copied, bytesOffset),
		asm.Mov.Imm(start, 0),
		asm.Mov.Imm(asm.R2, 0), // cBPF's A and X begin with 0
		asm.Mov.Imm(asm.R3, 0),
	}
	for _, instruction := range translated {
		body = append(body, fromMemory(instruction)...)
	}
	return append(body, asm.Return().WithSymbol("filter_result")), nil
}

func fromMemory(instruction asm.Instruction) asm.Instructions {
	switch {
	case instruction.OpCode.Class() == asm.LdXClass && instruction.Src != asm.R10:
		return asm.Instructions{
			withMetadata(asm.Mov.Reg(place, instruction.Src), instruction),
			asm.Add.Imm(place, int32(instruction.Offset)),
			asm.And.Imm(place, filterBytes-1),
			asm.Add.Reg(place, copied),
			asm.LoadMem(instruction.Dst, place, 0, instruction.OpCode.Size()),
		}
	// `len`: the whole packet's, of which only the beginning is here.
	case instruction.OpCode == asm.Mov.Reg(asm.R0, available).OpCode && instruction.Src == available:
		return asm.Instructions{withMetadata(asm.Mov.Reg(instruction.Dst, length), instruction)}
	}
	return asm.Instructions{instruction}
}

// withMetadata keeps what jumps find an instruction by, and what the kernel is told of it.
func withMetadata(instruction, from asm.Instruction) asm.Instruction {
	instruction.Metadata = from.Metadata
	return instruction
}

// withFilter gives a program's instructions with this body in the place of matches_filter's.
func withFilter(program, body asm.Instructions) (asm.Instructions, error) {
	from := slices.IndexFunc(program, func(each asm.Instruction) bool { return each.Symbol() == matchesFilter })
	if from < 0 {
		return nil, fmt.Errorf("no function %s", matchesFilter)
	}
	to := from + 1
	for to < len(program) && btf.FuncMetadata(&program[to]) == nil {
		to++
	}
	body = slices.Clone(body)
	body[0] = withMetadata(body[0], program[from])
	return slices.Concat(program[:from], body, program[to:]), nil
}
