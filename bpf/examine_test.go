package bpf

import "testing"

var examining = Options{RingBytes: 1 << 16, MaxDevices: 1, Hooks: "auto", Drops: true, Queues: true, Examine: true}

func TestExaminingLeavesAnAgentAlone(t *testing.T) {
	inNamespace(t)
	near, _ := makeVeth(t, "near", "far")
	wantClaimed(t, false)
	kill := startAgent(t, "clsact", near)
	wantClaimed(t, true)
	session, err := Open(examining)
	must(t, err)
	wantOneOfAgents(t, session, near)
	must(t, session.Close())

	kill() // its filters stay for the next agent to remove, which examining is not
	wantClaimed(t, false)
	session, err = Open(examining)
	must(t, err)
	defer session.Close()
	wantClaimed(t, false)
	wantOneOfAgents(t, session, near)
}

func TestExaminingFindsTheProgramsOfTCX(t *testing.T) {
	inNamespace(t)
	must(t, openSession(t, "tcx", 1).Close()) // skips where there is no tcx
	near, _ := makeVeth(t, "near", "far")
	startAgent(t, "tcx", near)
	session, err := Open(examining)
	must(t, err)
	defer session.Close()
	wantOneOfAgents(t, session, near)
}

func wantClaimed(t *testing.T, want bool) {
	t.Helper()
	if found, err := claimed(); err != nil || found != want {
		t.Errorf("claimed %v, %v", found, err)
	}
}

func wantOneOfAgents(t *testing.T, session *Session, ifindex int) {
	t.Helper()
	programs, err := session.Programs(ifindex)
	must(t, err)
	for _, found := range [][]Program{programs.Ingress, programs.Egress} {
		if len(found) != 1 || !found[0].Own {
			t.Errorf("programs %+v", programs)
		}
	}
}

func TestOffloadsAndSnapshotNeedNoSession(t *testing.T) {
	inNamespace(t)
	near, _ := makeVeth(t, "near", "far")
	var found Offloads
	wantOK(t, "offloads", `{"name":"near"}`, &found)
	if found.LRO || !found.GSO {
		t.Errorf("offloads %+v", found)
	}
	wantError(t, "offloads", `{"name":"nobody"}`, DeviceGone)
	wantError(t, "offloads", `{"name":"a-name-of-16-char"}`, BadRequest)
	var events struct{ Events []map[string]any }
	wantOK(t, "snapshot", `{}`, &events)
	names := map[any]any{}
	for _, event := range events.Events {
		if event["type"] == "link" {
			names[event["name"]] = event["ifindex"]
		}
	}
	if names["near"] != float64(near) || events.Events[len(events.Events)-1]["type"] != "snapshot-end" {
		t.Errorf("events %v", events.Events)
	}
}
