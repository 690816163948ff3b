package bpf

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

type answer struct {
	OK    json.RawMessage
	Error *struct{ Code, Message string }
}

func ask(t *testing.T, function, request string) answer {
	t.Helper()
	var result answer
	text := Call(function, request)
	must(t, json.Unmarshal([]byte(text), &result))
	if (result.OK == nil) == (result.Error == nil) {
		t.Fatalf("%s answers %s", function, text)
	}
	return result
}

func wantError(t *testing.T, function, request string, code Code) {
	t.Helper()
	result := ask(t, function, request)
	if result.Error == nil || result.Error.Code != string(code) || !strings.Contains(result.Error.Message, ": ") {
		t.Errorf("%s(%s) answers %+v, want %s and a sentence", function, request, result.Error, code)
	}
}

func wantOK(t *testing.T, function, request string, into any) {
	t.Helper()
	result := ask(t, function, request)
	if result.Error != nil {
		t.Fatalf("%s(%s) answers %+v", function, request, *result.Error)
	}
	must(t, json.Unmarshal(result.OK, into))
}

func TestCallsFromOpenToClose(t *testing.T) {
	inNamespace(t)
	t.Cleanup(func() { Call("close", `{}`) })
	near, _ := makeVeth(t, "near", "far")
	onNear := fmt.Sprintf(`{"ifindex":%d}`, near)
	withFlags := fmt.Sprintf(`{"ifindex":%d,"ethernet":true,"underlay":false}`, near)

	wantError(t, "attach", withFlags, NotOpen)
	wantError(t, "events", `{"max":1}`, NotOpen)
	wantError(t, "rules", `{}`, NotOpen)
	var description Description
	wantOK(t, "open", `{"ringBytes":65536,"maxDevices":8,"hooks":"auto"}`, &description)
	if description.Ring.FD <= 0 || description.Ring.Bytes != 65536 || description.Hops.PerCPU != 17 ||
		description.Hops.Bytes < description.CPUs*16*int(description.Layout["hop_totals"].Size) ||
		description.Hops.Bytes%description.PageSize != 0 || description.Config.Bytes != description.PageSize {
		t.Errorf("opened as %+v", description)
	}
	wantError(t, "open", `{"ringBytes":65536,"maxDevices":8,"hooks":"auto"}`, AlreadyOpen)

	var attached Attached
	wantOK(t, "attach", withFlags, &attached)
	if attached.Hooks != description.Hooks {
		t.Errorf("attached as %+v", attached)
	}
	var programs Programs
	wantOK(t, "foreign", onNear, &programs)
	if len(programs.Ingress) != 1 || !programs.Ingress[0].Own || len(programs.Egress) != 1 {
		t.Errorf("programs %+v", programs)
	}
	wantOK(t, "flags", withFlags, &struct{}{})
	wantOK(t, "exclude", `{"endpoints":[{"address":"10.0.0.1","port":9430},{"address":"fd00::1","port":9430}]}`, &struct{}{})
	wantError(t, "exclude", `{"endpoints":[{"address":"node-1","port":9430}]}`, BadRequest)
	wantError(t, "exclude", `{"endpoints":[{"address":"10.0.0.1","port":0}]}`, BadRequest)
	wantError(t, "attach", `{"ifindex":"near"}`, BadRequest)
	wantError(t, "attach", `{"index":1}`, BadRequest)
	wantError(t, "attach", `{"ifindex":1000000}`, DeviceGone)
	wantError(t, "detach", ``, BadRequest)
	wantError(t, "nonsense", `{}`, BadRequest)
	var events struct {
		Events []map[string]any
		Lost   int
	}
	wantOK(t, "events", `{"max":3}`, &events)
	if len(events.Events) != 3 || events.Events[0]["type"] != "snapshot-begin" {
		t.Errorf("events %+v", events)
	}
	var changes RuleChanges
	wantOK(t, "rules", `{}`, &changes)
	if description.Rules.FD <= 0 || changes.Tables == nil || len(changes.Tables) > 0 || changes.Cut {
		t.Errorf("rules %+v, changes %+v", description.Rules, changes)
	}
	wantOK(t, "detach", onNear, &struct{}{})
	wantError(t, "detach", onNear, NotAttached)
	wantOK(t, "close", `{}`, &struct{}{})
	wantOK(t, "close", `{}`, &struct{}{})
	wantError(t, "foreign", onNear, NotOpen)
}

func TestPanicIsAnError(t *testing.T) {
	functions["panic"] = func([]byte) (any, error) { panic("on purpose") }
	defer delete(functions, "panic")
	wantError(t, "panic", `{}`, Internal)
}

func TestExcludeReplaces(t *testing.T) {
	inNamespace(t)
	session := openSession(t, "auto", 1)
	stored := func() map[hoplensEndpoint]bool {
		found := map[hoplensEndpoint]bool{}
		var key hoplensEndpoint
		var value uint8
		for entries := session.objects.OwnEndpoints.Iterate(); entries.Next(&key, &value); {
			found[key] = true
		}
		return found
	}
	many := func(first, count int) (endpoints []Endpoint) {
		for i := range count {
			endpoints = append(endpoints, Endpoint{netip.MustParseAddr("10.0.0.1"), uint16(first + i)})
		}
		return endpoints
	}
	limit := int(session.objects.OwnEndpoints.MaxEntries())
	must(t, session.Exclude(many(1, limit)))
	must(t, session.Exclude(many(1000, limit))) // a full table, replaced whole
	if found := stored(); len(found) != limit {
		t.Errorf("%d endpoints stored", len(found))
	}
	wantCode(t, session.Exclude(many(1, limit+1)), TableFull)
	must(t, session.Exclude(many(9430, 1)))
	want := hoplensEndpoint{Address: netip.MustParseAddr("::ffff:10.0.0.1").As16(), Port: 9430}
	if found := stored(); len(found) != 1 || !found[want] {
		t.Errorf("stored %v", found)
	}
	must(t, session.Exclude(nil))
	if found := stored(); len(found) != 0 {
		t.Errorf("stored %v", found)
	}
}
