package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// request is one line of standard input. It is answered behind everything that was written down before.
type request struct {
	ID  int                        `json:"id"`
	Set map[string]json.RawMessage `json:"set"`
}

type answer struct {
	ID       int                 `json:"id,omitempty"`
	Ready    bool                `json:"ready,omitempty"`
	Error    string              `json:"error,omitempty"`
	Counters map[string]counters `json:"counters,omitempty"`
}

func (f *fabric) answer(line []byte) answer {
	var r request
	if err := strict(line, &r); err != nil {
		return answer{ID: r.ID, Error: err.Error()}
	}
	if err := f.set(r.Set); err != nil {
		return answer{ID: r.ID, Error: err.Error()}
	}
	return answer{ID: r.ID, Counters: f.counters()}
}

func (f *fabric) counters() map[string]counters {
	all := map[string]counters{}
	for _, d := range f.directions() {
		all[d.name] = d.count()
	}
	return all
}

// set replaces the rules of the directions named, "*" being all others: all of them, or none if one is wrong.
func (f *fabric) set(settings map[string]json.RawMessage) error {
	parsed := map[string]rules{}
	for name, text := range settings {
		r, err := parseRules(text)
		if err != nil {
			return fmt.Errorf("rules for %q: %w", name, err)
		}
		parsed[name] = r
	}
	fallback, everywhere := parsed["*"]
	delete(parsed, "*")
	chosen := map[*direction]rules{}
	for _, d := range f.directions() {
		if r, named := parsed[d.name]; named {
			chosen[d] = r
			delete(parsed, d.name)
		} else if everywhere {
			chosen[d] = fallback
		}
	}
	for name := range parsed {
		return fmt.Errorf("there is no direction %q", name)
	}
	for d, r := range chosen {
		d.setRules(r)
	}
	return nil
}

func parseRules(text []byte) (rules, error) {
	var r rules
	if err := strict(text, &r); err != nil {
		return r, err
	}
	if r.Match != nil {
		if err := r.Match.check(); err != nil {
			return r, err
		}
	}
	return r, r.check()
}

// strict refuses names that nobody knows: a misspelt rule would otherwise be no rule.
func strict(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
