package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"
)

// Field is one member of a struct: Count values of Size bytes from Offset on.
type Field struct {
	Name   string  `json:"name"`
	Offset uint32  `json:"offset"`
	Size   uint32  `json:"size"`
	Signed bool    `json:"signed"`
	Count  uint32  `json:"count"`
	Fields []Field `json:"fields,omitempty"` // of a struct within, offsets from its own start
}

// Layout is a struct of record.h as it was compiled.
type Layout struct {
	Size   uint32  `json:"size"`
	Fields []Field `json:"fields"`
}

// What user space reads of the kernel's memory. Nothing of it is typed a second time.
var (
	sharedStructs = []string{"record", "drop_place", "hop_totals", "cpu_state", "config"}
	sharedEnums   = []string{"direction", "identity_kind", "tunnel", "unparsed"}
)

func layouts(types *btf.Spec) (map[string]Layout, error) {
	result := map[string]Layout{}
	for _, name := range sharedStructs {
		var found *btf.Struct
		if err := types.TypeByName(name, &found); err != nil {
			return nil, fail(NoBTF, "looking for struct "+name, err)
		}
		fields, err := fieldsOf(found)
		if err != nil {
			return nil, fail(NoBTF, "reading struct "+name, err)
		}
		result[name] = Layout{found.Size, fields}
	}
	return result, nil
}

func enums(types *btf.Spec) (map[string]map[string]uint64, error) {
	result := map[string]map[string]uint64{}
	for _, name := range sharedEnums {
		var found *btf.Enum
		if err := types.TypeByName(name, &found); err != nil {
			return nil, fail(NoBTF, "looking for enum "+name, err)
		}
		result[name] = map[string]uint64{}
		for _, value := range found.Values {
			result[name][value.Name] = value.Value
		}
	}
	return result, nil
}

func fieldsOf(of *btf.Struct) ([]Field, error) {
	fields := make([]Field, 0, len(of.Members))
	for _, member := range of.Members {
		field, err := fieldOf(member)
		if err != nil {
			return nil, fmt.Errorf("member %s: %w", member.Name, err)
		}
		fields = append(fields, field)
	}
	return fields, nil
}

func fieldOf(member btf.Member) (Field, error) {
	field := Field{Name: member.Name, Offset: member.Offset.Bytes(), Count: 1}
	if member.BitfieldSize != 0 {
		return field, errors.New("bit fields have no byte offset")
	}
	element := btf.UnderlyingType(member.Type)
	if array, ok := element.(*btf.Array); ok {
		field.Count = array.Nelems
		element = btf.UnderlyingType(array.Type)
	}
	switch element := element.(type) {
	case *btf.Int:
		field.Size, field.Signed = element.Size, element.Encoding&btf.Signed != 0
	case *btf.Enum:
		field.Size, field.Signed = element.Size, element.Signed
	case *btf.Struct:
		nested, err := fieldsOf(element)
		field.Size, field.Fields = element.Size, nested
		return field, err
	default:
		return field, fmt.Errorf("%v is neither number, enum nor struct", element)
	}
	return field, nil
}
