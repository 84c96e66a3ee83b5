package admin

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
	"github.com/fivefifty/fivefifty/signatures/yara"
)

func get(h *Metrics, path string) (int, string) {
	w := httptest.NewRecorder()
	Server(h).Handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func TestAdmin(t *testing.T) {
	var m Metrics
	if code, _ := get(&m, "/readyz"); code != 503 {
		t.Errorf("ready without rules: %d", code)
	}
	m.Loaded(Rules{Summary: "1 rule", YARA: func() yara.Stats { return yara.Stats{Objects: 7, Time: 2 * time.Second} }}, nil)
	m.Loaded(Rules{}, errors.New("broken"))
	r := &scanner.Report{Verdict: scanner.VerdictMalicious, Disposition: scanner.Reject}
	r.Stats.Duration, r.Stats.MessageBytes = 3*time.Millisecond, 100
	r.Objects = []*scanner.Object{{
		Findings:  []scanner.Finding{{Engine: "yara"}},
		Unchecked: []scanner.Unchecked{{Reason: scanner.ReasonLimit, Limit: "depth"}},
	}}
	m.Observe(r)
	m.Observe(r)
	for path, want := range map[string]int{"/readyz": 200, "/healthz": 200, "/": 404} {
		if code, _ := get(&m, path); code != want {
			t.Errorf("%s: %d", path, code)
		}
	}
	m.Watch(func() (int, int) { return 3, 2 })
	_, text := get(&m, "/metrics")
	for _, want := range []string{
		`fivefifty_messages_total{verdict="malicious",disposition="reject"} 2`,
		`fivefifty_unchecked_total{reason="limit"} 2`, `fivefifty_limits_hit_total{limit="depth"} 2`,
		`fivefifty_findings_total{engine="yara"} 2`, "fivefifty_bytes_total 200",
		`fivefifty_scan_seconds_bucket{le="0.0025"} 0`, `fivefifty_scan_seconds_bucket{le="0.005"} 2`,
		`fivefifty_scan_seconds_bucket{le="+Inf"} 2`, "fivefifty_scan_seconds_count 2",
		`fivefifty_rules_info{rules="1 rule"} 1`, "fivefifty_yara_objects_total 7", "fivefifty_yara_seconds_total 2",
		"fivefifty_rules_reload_failures_total 1", "fivefifty_connections 3", "fivefifty_connections_busy 2", "fivefifty_rules_reload_timestamp_seconds 1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	m.Stopping()
	if code, _ := get(&m, "/readyz"); code != 503 {
		t.Errorf("ready while it stops: %d", code)
	}
}
