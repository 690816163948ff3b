package bpf

import (
	"reflect"
	"strings"
	"testing"
)

// The layout that JavaScript reads by is the one that Go was generated with.
func TestLayoutIsThatOfTheGeneratedStructs(t *testing.T) {
	spec, err := loadHoplens()
	must(t, err)
	found, err := layouts(spec.Types)
	must(t, err)
	for name, generated := range map[string]any{
		"record": hoplensRecord{}, "hop_totals": hoplensHopTotals{}, "cpu_state": hoplensCpuState{}, "config": hoplensConfig{},
	} {
		of := reflect.TypeOf(generated)
		if int(found[name].Size) != int(of.Size()) {
			t.Errorf("%s has %d bytes, in Go %d", name, found[name].Size, of.Size())
		}
		compareFields(t, name, found[name].Fields, of)
	}
}

func compareFields(t *testing.T, path string, fields []Field, of reflect.Type) {
	t.Helper()
	for _, field := range fields {
		inGo, ok := of.FieldByNameFunc(func(name string) bool {
			return strings.EqualFold(name, strings.ReplaceAll(field.Name, "_", ""))
		})
		if !ok {
			t.Errorf("%s.%s is not in Go", path, field.Name)
			continue
		}
		if inGo.Offset != uintptr(field.Offset) || inGo.Type.Size() != uintptr(field.Size*field.Count) {
			t.Errorf("%s.%s is at %d with %d x %d bytes, in Go at %d with %d",
				path, field.Name, field.Offset, field.Count, field.Size, inGo.Offset, inGo.Type.Size())
		}
		if field.Fields != nil {
			compareFields(t, path+"."+field.Name, field.Fields, inGo.Type)
		}
	}
	if exported := of.NumField() - 1; len(fields) != exported { // less structs.HostLayout
		t.Errorf("%s has %d fields, in Go %d", path, len(fields), exported)
	}
}

func TestEnums(t *testing.T) {
	spec, err := loadHoplens()
	must(t, err)
	found, err := enums(spec.Types)
	must(t, err)
	if found["direction"]["INGRESS"] != uint64(hoplensDirectionINGRESS) || found["direction"]["EGRESS"] != uint64(hoplensDirectionEGRESS) ||
		found["identity_kind"]["IDENTITY_OTHER"] != uint64(hoplensIdentityKindIDENTITY_OTHER) ||
		found["unparsed"]["UNPARSED_KINDS"] != uint64(len(hoplensHopTotals{}.Unparsed)) {
		t.Errorf("enums %v", found)
	}
}

func TestLayoutMissesNoStructSilently(t *testing.T) {
	spec, err := loadHoplens()
	must(t, err)
	sharedStructs = append(sharedStructs, "no_such_struct")
	defer func() { sharedStructs = sharedStructs[:len(sharedStructs)-1] }()
	_, err = layouts(spec.Types)
	wantCode(t, err, NoBTF)
}
