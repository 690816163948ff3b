package main

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func generator() *rand.Rand { return rand.New(rand.NewPCG(7, 0)) }

func decideAll(t *testing.T, text string, n uint64) []decision {
	t.Helper()
	r, err := parseRules([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	random := generator()
	var all []decision
	for i := uint64(1); i <= n; i++ {
		all = append(all, r.decide(i, random))
	}
	return all
}

func TestExactRulesDropWhatTheySay(t *testing.T) {
	for i, d := range decideAll(t, `{"dropEvery": 10, "dropFrom": 4, "dropTo": 6}`, 1000) {
		n, want := i+1, ""
		if n >= 4 && n <= 6 {
			want = "range"
		} else if n%10 == 0 {
			want = "every"
		}
		if d.drop != want {
			t.Fatalf("frame %d: dropped by %q, want %q", n, d.drop, want)
		}
	}
}

func TestProbabilitiesAreKept(t *testing.T) {
	const n = 100_000
	var lost, doubled, reordered int
	for _, d := range decideAll(t, `{"loss": 0.03, "duplicate": 0.2, "reorder": 0.5}`, n) {
		if d.drop != "" {
			lost++
		}
		if d.duplicate {
			doubled++
		}
		if d.reorder {
			reordered++
		}
	}
	for name, got := range map[string][2]float64{
		"loss": {float64(lost), 0.03}, "duplicate": {float64(doubled), 0.2}, "reorder": {float64(reordered), 0.5},
	} {
		sigma := math.Sqrt(n * got[1] * (1 - got[1]))
		if math.Abs(got[0]-n*got[1]) > 5*sigma {
			t.Errorf("%s: %v of %d, want %v", name, got[0], n, n*got[1])
		}
	}
}

func TestAFateDependsOnNumberAndSeedOnly(t *testing.T) {
	plain := decideAll(t, `{"loss": 0.1}`, 1000)
	busy := decideAll(t, `{"loss": 0.1, "duplicate": 0.5, "jitterMs": 3}`, 1000)
	for i := range plain {
		if plain[i].drop != busy[i].drop {
			t.Fatalf("frame %d: another rule changed its loss", i+1)
		}
	}
}

func TestDelayLiesBetweenItsBounds(t *testing.T) {
	low, high := time.Hour, time.Duration(0)
	for _, d := range decideAll(t, `{"delayMs": 2, "jitterMs": 1.5}`, 1000) {
		low, high = min(low, d.delay), max(high, d.delay)
	}
	if low < 2*time.Millisecond || low > 2100*time.Microsecond || high > 3500*time.Microsecond || high < 3400*time.Microsecond {
		t.Fatalf("delays from %v to %v, want 2 ms to 3.5 ms", low, high)
	}
}

func TestWrongRulesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"loss": 2}`:                        "probability",
		`{"loss": -0.1}`:                     "probability",
		`{"lost": 0.1}`:                      "unknown field",
		`{"delayMs": -1}`:                    "delayMs",
		`{"dropFrom": 5}`:                    "dropTo",
		`{"rateMbit": -1}`:                   "rateMbit",
		`{"match": {"protocol": "sctp"}}`:    "protocol",
		`{"match": {"protocoll": "tcp"}}`:    "unknown field",
		`{"dropEvery": "often"}`:             "dropEvery",
		`{"reorder": 0.1, "reorderMs": 1e9}`: "reorderMs",
	} {
		if _, err := parseRules([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something about %q", text, err, want)
		}
	}
}

func TestSettingsHoldForAllOrNone(t *testing.T) {
	f := pair(t)
	if err := f.set(settings(`{"a>b": {"loss": 1}, "b>x": {}}`)); err == nil {
		t.Fatal("a direction that is not there was taken")
	}
	if got := f.lanes[0][1].rules.Loss; got != 0 {
		t.Fatalf("refused settings changed a direction: loss %v", got)
	}
	if err := f.set(settings(`{"a>b": {"loss": 1}, "*": {"duplicate": 1}}`)); err != nil {
		t.Fatal(err)
	}
	if f.lanes[0][1].rules.Loss != 1 || f.lanes[0][1].rules.Duplicate != 0 || f.lanes[1][0].rules.Duplicate != 1 {
		t.Fatal("a direction named did not take its rules, or another did not take those for all")
	}
}

func TestRequestsAreAnswered(t *testing.T) {
	f := pair(t)
	if a := f.answer([]byte(`{"id": 3}`)); a.ID != 3 || a.Error != "" || len(a.Counters) != 2 {
		t.Fatalf("%+v", a)
	}
	if a := f.answer([]byte(`{"id": 4, "stop": true}`)); a.ID != 4 || a.Error == "" {
		t.Fatalf("an unknown request was taken: %+v", a)
	}
}

func settings(text string) (parsed map[string]json.RawMessage) {
	_ = json.Unmarshal([]byte(text), &parsed)
	return parsed
}
