package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/bench/internal/bombs"
	"github.com/fivefifty/fivefifty/scanner"
)

// bombFile, in a process's environment, is the message that it is to scan instead of
// testing anything.
const bombFile = "FIVEFIFTY_BENCH_BOMB"

func TestMain(m *testing.M) {
	if file := os.Getenv(bombFile); file != "" {
		if err := scanBomb(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// scanBomb scans a file under the default limits, without engines, and prints what
// the report says of it. The limit of time is off: on a busy machine it would end what
// is to be measured.
func scanBomb(file string) error {
	s, err := scanner.New(scanner.Config{Limits: scanner.Limits{Time: time.Hour}})
	if err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := s.Scan(context.Background(), bufio.NewReader(f))
	if err != nil {
		return err
	}
	sum := sumUp(r)
	sum.Resident = resident()
	return json.NewEncoder(os.Stdout).Encode(sum)
}

// bombReport is what a report says of a bomb.
type bombReport struct {
	Verdict   string
	Objects   int
	Decoded   int64
	Unchecked []string // how often, reason and limit
	Anomalies []string
	Details   []string // the first of each kind of Unchecked
	Resident  float64  // MiB at most
}

// resident is what the process had in memory at most, in MiB, 0 if the system does
// not say. A child's usage as the parent sees it begins with the parent's own.
func resident() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib float64
	fmt.Sscan(rest, &kib)
	return kib / 1024
}

func sumUp(r *scanner.Report) bombReport {
	sum := bombReport{Verdict: r.Verdict.String(), Objects: len(r.Objects), Decoded: r.Stats.DecodedBytes}
	count := map[string]int{}
	for _, o := range r.Objects {
		for _, u := range o.Unchecked {
			key := strings.Trim(u.Reason.String()+":"+u.Limit, ":")
			if count[key]++; count[key] == 1 {
				sum.Details = append(sum.Details, u.Detail)
			}
		}
		for _, a := range o.Anomalies {
			if !slices.Contains(sum.Anomalies, a) {
				sum.Anomalies = append(sum.Anomalies, a)
			}
		}
	}
	for key, n := range count {
		sum.Unchecked = append(sum.Unchecked, fmt.Sprintf("%d %s", n, key))
	}
	slices.Sort(sum.Unchecked)
	return sum
}

// BenchmarkBombs scans messages that are made to cost more than they hold, each in a
// process of its own: cpu-s/op is its time on a processor, system calls included, and
// rss-MiB what it had resident at most. Of several rounds the least counts, because
// others use the machine too. What the report says is in the log (-v).
func BenchmarkBombs(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for _, bomb := range bombs.All {
		b.Run("bomb="+bomb.Name, func(b *testing.B) {
			data, err := bomb.Make()
			if err != nil {
				b.Skip(err)
			}
			file := filepath.Join(b.TempDir(), "mail")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				b.Fatal(err)
			}
			size := len(data)
			data = nil
			var cpu, rss float64
			var out []byte
			for b.Loop() {
				cmd := exec.Command(self)
				cmd.Env = append(os.Environ(), bombFile+"="+file)
				cmd.Stderr = os.Stderr
				if out, err = cmd.Output(); err != nil {
					b.Fatal(err)
				}
				used := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
				if cpu == 0 || used < cpu {
					cpu = used
				}
				var sum bombReport
				if err := json.Unmarshal(out, &sum); err != nil {
					b.Fatal(err)
				}
				rss = max(rss, sum.Resident)
			}
			b.ReportMetric(0, "ns/op") // waiting counts there
			b.ReportMetric(float64(size)/1e6, "mail-MB")
			b.ReportMetric(cpu, "cpu-s/op")
			b.ReportMetric(rss, "rss-MiB")
			b.Logf("%s", out)
		})
	}
}
