package admin

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/signatures/yara"
)

// Rules is what is known of the rules in use.
type Rules struct {
	Summary string
	YARA    func() yara.Stats // since they were loaded; nil if there are none
}

// writeRules writes what the rules are, and what they take: rules that are too slow
// are to be found here.
func (m *Metrics) writeRules(w io.Writer, head func(name, kind, help string)) {
	if m.reloaded.IsZero() {
		return
	}
	head("rules_reload_timestamp_seconds", "gauge", "When the rules in use were loaded.")
	fmt.Fprintf(w, "fivefifty_rules_reload_timestamp_seconds %d\n", m.reloaded.Unix())
	head("rules_info", "gauge", "The rules in use.")
	fmt.Fprintf(w, "fivefifty_rules_info{rules=%q} 1\n", m.rules.Summary)
	if m.rules.YARA == nil {
		return
	}
	s := m.rules.YARA()
	for _, c := range []struct {
		name, kind, help string
		v                float64
	}{
		{"yara_objects_total", "counter", "Objects that the YARA rules in use were run on.", float64(s.Objects)},
		{"yara_seconds_total", "counter", "Time that they took, by the clock.", s.Time.Seconds()},
		{"yara_timeouts_total", "counter", "Objects for which the time was not enough.", float64(s.Timeouts)},
		{"yara_errors_total", "counter", "Objects that were not examined for another reason.", float64(s.Errors)},
		{"yara_slowest_seconds", "gauge", "Time that the slowest object took.", s.Slowest.Time.Seconds()},
		{"yara_worker_restarts_total", "counter", "Times that the process with libyara was started again.", float64(s.Restarts)},
	} {
		head(c.name, c.kind, c.help)
		fmt.Fprintf(w, "fivefifty_%s %g\n", c.name, c.v)
	}
}
