// Package admin shows operators how a program fares: metrics in Prometheus' text
// form, and whether it is alive and ready.
package admin

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// Metrics counts scans. The zero value is ready to use; it is safe for concurrent
// use.
type Metrics struct {
	mu         sync.Mutex
	messages   map[[2]string]uint64 // by verdict and disposition
	unchecked  map[string]uint64    // by reason
	limits     map[string]uint64    // by limit
	findings   map[string]uint64    // by engine
	bytes      uint64
	decoded    uint64
	objects    uint64
	cacheHits  uint64
	seconds    [len(bounds) + 1]uint64 // not cumulative
	sum        float64
	reloaded   time.Time
	reloadFail uint64
	rules      Rules
	stopping   bool
	watch      func() (open, busy int)
}

// bounds are the upper bounds of the histogram of scan times, in seconds.
var bounds = [...]float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// Observe counts a scan.
func (m *Metrics) Observe(r *scanner.Report) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.messages == nil {
		m.messages = map[[2]string]uint64{}
		m.unchecked, m.limits, m.findings = map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
	}
	m.messages[[2]string{r.Verdict.String(), r.Disposition.String()}]++
	m.bytes += uint64(r.Stats.MessageBytes)
	m.decoded += uint64(r.Stats.DecodedBytes)
	m.objects += uint64(r.Stats.Objects)
	m.cacheHits += uint64(r.Stats.CacheHits)
	s := r.Stats.Duration.Seconds()
	i, _ := slices.BinarySearch(bounds[:], s)
	m.seconds[i]++
	m.sum += s
	for _, o := range r.Objects {
		for _, u := range o.Unchecked {
			m.unchecked[u.Reason.String()]++
			if u.Limit != "" {
				m.limits[u.Limit]++
			}
		}
	}
	for _, f := range r.Findings() {
		m.findings[f.Engine]++
	}
}

// Loaded notes that rules were loaded, or why not.
func (m *Metrics) Loaded(rules Rules, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.reloadFail++
		return
	}
	m.reloaded, m.rules = time.Now(), rules
}

// Stopping notes that the program takes no more clients.
func (m *Metrics) Stopping() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopping = true
}

// Watch has the connections shown: those that are open, and of them those with
// something under way.
func (m *Metrics) Watch(connections func() (open, busy int)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watch = connections
}

// Ready says whether clients should come: rules were loaded, and the program does
// not stop.
func (m *Metrics) Ready() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.reloaded.IsZero() && !m.stopping
}

// write writes all in the text format (prometheus.io/docs/instrumenting/exposition_formats).
func (m *Metrics) write(w io.Writer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	head := func(name, kind, help string) {
		fmt.Fprintf(w, "# HELP fivefifty_%s %s\n# TYPE fivefifty_%s %s\n", name, help, name, kind)
	}
	head("messages_total", "counter", "Messages and files scanned, by verdict and disposition.")
	for _, k := range slices.SortedFunc(maps.Keys(m.messages), func(a, b [2]string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) }) {
		fmt.Fprintf(w, "fivefifty_messages_total{verdict=%q,disposition=%q} %d\n", k[0], k[1], m.messages[k])
	}
	byLabel := func(name, label, help string, counts map[string]uint64) {
		head(name, "counter", help)
		for _, k := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(w, "fivefifty_%s{%s=%q} %d\n", name, label, k, counts[k])
		}
	}
	byLabel("unchecked_total", "reason", "Things that were not examined, by reason.", m.unchecked)
	byLabel("limits_hit_total", "limit", "Limits that were met.", m.limits)
	byLabel("findings_total", "engine", "Findings, by engine.", m.findings)
	for _, c := range []struct {
		name, help string
		n          uint64
	}{
		{"bytes_total", "Raw bytes scanned.", m.bytes},
		{"decoded_bytes_total", "Decoded bytes of all objects.", m.decoded},
		{"objects_total", "Objects examined.", m.objects},
		{"cache_hits_total", "Times that an engine's findings came from the verdict cache.", m.cacheHits},
		{"rules_reload_failures_total", "Times that rules could not be loaded.", m.reloadFail},
	} {
		head(c.name, "counter", c.help)
		fmt.Fprintf(w, "fivefifty_%s %d\n", c.name, c.n)
	}
	m.writeTimes(w, head)
	if m.watch != nil {
		open, busy := m.watch()
		head("connections", "gauge", "Clients that are connected.")
		fmt.Fprintf(w, "fivefifty_connections %d\n", open)
		head("connections_busy", "gauge", "Of them, those with a message under way.")
		fmt.Fprintf(w, "fivefifty_connections_busy %d\n", busy)
	}
	m.writeRules(w, head)
}

func (m *Metrics) writeTimes(w io.Writer, head func(name, kind, help string)) {
	head("scan_seconds", "histogram", "Time spent scanning, waiting for the sender not counted.")
	var count uint64
	for i, n := range m.seconds {
		count += n
		bound := "+Inf"
		if i < len(bounds) {
			bound = fmt.Sprint(bounds[i])
		}
		fmt.Fprintf(w, "fivefifty_scan_seconds_bucket{le=%q} %d\n", bound, count)
	}
	fmt.Fprintf(w, "fivefifty_scan_seconds_sum %g\nfivefifty_scan_seconds_count %d\n", m.sum, count)
}
