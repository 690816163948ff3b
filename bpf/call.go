package bpf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// The process has one session: so the functions need no handle. Two locks, for tcx waits about 25 ms for the kernel (RCU)
// at each attach and detach: a caller may do that on another thread and go on taking events.
var (
	sessionLock sync.Mutex
	current     *Session
	watcherLock sync.Mutex
	watching    *Session // current, of which this lock is for the watchers alone
)

type onDevice struct {
	Ifindex int `json:"ifindex"`
}

type deviceFlags struct {
	onDevice
	Flags
}

type nothing struct{}

var functions = map[string]func(request []byte) (any, error){
	"open": with(openCurrent),
	"close": with(func(nothing) (any, error) {
		sessionLock.Lock()
		defer sessionLock.Unlock()
		watch(nil)
		session := current
		current = nil
		return nothing{}, session.Close()
	}),
	"attach": opened(func(s *Session, r deviceFlags) (any, error) { return s.Attach(r.Ifindex, r.Flags) }),
	"detach": opened(func(s *Session, r onDevice) (any, error) { return nothing{}, s.Detach(r.Ifindex) }),
	"flags":  opened(func(s *Session, r deviceFlags) (any, error) { return nothing{}, s.SetFlags(r.Ifindex, r.Flags) }),
	"filter": with(func(r struct {
		Expression string `json:"expression"`
	}) (any, error) {
		body, problem := compileFilter(r.Expression)
		return withSession(func(s *Session) (any, error) { return s.filter(body, problem) })
	}),
	"foreign":  opened(func(s *Session, r onDevice) (any, error) { return s.Programs(r.Ifindex) }),
	"claimed":  with(func(nothing) (any, error) { return claimed() }),
	"snapshot": with(func(nothing) (any, error) { return snapshot() }),
	"offloads": with(func(r struct {
		Name string `json:"name"`
	}) (any, error) {
		return offloadsOf(r.Name)
	}),
	"exclude": opened(func(s *Session, r struct {
		Endpoints []Endpoint `json:"endpoints"`
	}) (any, error) {
		return nothing{}, s.Exclude(r.Endpoints)
	}),
	"events": with(func(r struct {
		Max int `json:"max"`
	}) (any, error) {
		watcherLock.Lock()
		defer watcherLock.Unlock()
		if watching == nil {
			return nil, errNotOpen
		}
		return watching.watcher.drain(r.Max)
	}),
	"rules": with(func(nothing) (any, error) {
		watcherLock.Lock()
		defer watcherLock.Unlock()
		if watching == nil {
			return nil, errNotOpen
		}
		if watching.rules == nil {
			return nil, watching.noRules
		}
		return watching.rules.drain()
	}),
}

// Call answers {"ok":...} or {"error":{"code","message"}}. Nothing that happens in it ends the process.
func Call(function, request string) (answer string) {
	defer func() {
		if reason := recover(); reason != nil {
			err := fmt.Errorf("%v at %s", reason, debug.Stack())
			answer = encode(nil, fail(Internal, "in hoplens_"+function, err))
		}
	}()
	do, ok := functions[function]
	if !ok {
		return encode(nil, fail(BadRequest, "calling", fmt.Errorf("no function %q", function)))
	}
	return encode(do([]byte(request)))
}

func openCurrent(options Options) (any, error) {
	sessionLock.Lock()
	defer sessionLock.Unlock()
	if current != nil {
		return nil, fail(AlreadyOpen, "opening", errors.New("close what is open first"))
	}
	session, err := Open(options)
	if err != nil {
		return nil, err
	}
	description, err := session.Describe()
	if err != nil {
		session.Close()
		return nil, err
	}
	debug.FreeOSMemory() // the kernel's BTF took more than all that follows
	current = session
	watch(session)
	return description, nil
}

func watch(session *Session) {
	watcherLock.Lock()
	defer watcherLock.Unlock()
	watching = session
}

var errNotOpen = fail(NotOpen, "calling", errors.New("hoplens_open comes first"))

func with[Request any](do func(Request) (any, error)) func([]byte) (any, error) {
	return func(bytes []byte) (any, error) {
		request, err := decode[Request](bytes)
		if err != nil {
			return nil, err
		}
		return do(request)
	}
}

func opened[Request any](do func(*Session, Request) (any, error)) func([]byte) (any, error) {
	return with(func(request Request) (any, error) {
		return withSession(func(s *Session) (any, error) { return do(s, request) })
	})
}

func withSession(do func(*Session) (any, error)) (any, error) {
	sessionLock.Lock()
	defer sessionLock.Unlock()
	if current == nil {
		return nil, errNotOpen
	}
	return do(current)
}

func decode[Request any](text []byte) (request Request, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return request, fail(BadRequest, "reading the request", err)
	}
	return request, nil
}

func encode(value any, err error) string {
	type failure struct {
		Code    Code   `json:"code"`
		Message string `json:"message"`
	}
	answer := map[string]any{"ok": value}
	if err != nil {
		answer = map[string]any{"error": failure{classify(err, Internal), err.Error()}}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return `{"error":{"code":"internal","message":"writing the answer failed"}}`
	}
	return string(text)
}
