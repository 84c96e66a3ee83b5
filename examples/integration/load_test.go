//go:build integration

package integration

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// loadEnv is the variable that asks for TestLoad, and says for how long: "1m".
const loadEnv = "FIVEFIFTY_LOAD"

// sessions is how many clients send at once.
const sessions = 200

// 200 clients send to one Postfix with our milter, and to the same one with
// clamav-milter and clamd and the same signature. There is no error but 421, and
// memory does not grow; the times from the final dot to the reply are for reading.
func TestLoad(t *testing.T) {
	duration, err := time.ParseDuration(os.Getenv(loadEnv))
	if err != nil {
		skip(t, "takes a while: set "+loadEnv+"=1m")
	}
	need(t, "postfix", "clamd", "clamav-milter")
	t.Run("fivefifty", func(t *testing.T) {
		dir, milter := shortDir(t), freeAddr(t)
		signatures := filepath.Join(dir, "t.hsb")
		write(t, signatures, likeSignature)
		p := start(t, "milter", fmt.Sprintf("listen = [%q]\n[rules]\nbundled = false\nhashes = [%q]\n[log]\nlevel = \"warn\"\n", milter, signatures), milter)
		load(t, duration, milter, func() int { return resident(p.cmd.Process.Pid) })
	})
	t.Run("clamav", func(t *testing.T) {
		dir, daemon, milter := shortDir(t), freeAddr(t), freeAddr(t)
		must(t, os.Chmod(dir, 0o777))
		signatures := filepath.Join(dir, "db")
		must(t, os.Mkdir(signatures, 0o755))
		write(t, filepath.Join(signatures, "t.hsb"), likeSignature)
		startClamd(t, dir, daemon, signatures, "MaxThreads 50\nMaxQueue 500\n")
		startClamavMilter(t, dir, milter, "tcp:"+daemon)
		load(t, duration, milter, func() int { return residentOf("clamd", dir) + residentOf("clamav-milter", dir) })
	})
}

// load sends for a while, and logs what came of it. memory tells the scanner's.
func load(t *testing.T, duration time.Duration, milter string, memory func() int) {
	mta := startPostfix(t, postfixOptions{nextHop: "127.0.0.1:9", main: map[string]string{
		"smtpd_milters":                       "{ inet:" + milter + ", default_action=tempfail, content_timeout=120s }",
		"default_transport":                   "discard:",
		"relay_transport":                     "discard:",
		"default_process_limit":               strconv.Itoa(2 * sessions),
		"smtpd_client_connection_rate_limit":  "0",
		"smtpd_client_message_rate_limit":     "0",
		"smtpd_peername_lookup":               "no",
		"in_flow_delay":                       "0",
		"smtpd_client_connection_count_limit": "0",
	}})
	random := make([]byte, 30_000)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	mails := []string{plainMail("plain", strings.Repeat("some words in a line\r\n", 200)), attached("attached", "photo.bin", random), attached("infected", "bad.bin", []byte(likeMarker))}
	wants := []*regexp.Regexp{regexp.MustCompile("^250 "), regexp.MustCompile("^250 "), regexp.MustCompile(`^550 5\.7\.1 `)}

	var mu sync.Mutex
	var times []time.Duration
	later, wrong := 0, map[string]int{}
	end := time.Now().Add(duration)
	var senders sync.WaitGroup
	for i := range sessions {
		senders.Go(func() {
			for n := i; time.Now().Before(end); n++ {
				kind := min(n%10, 1)
				if n%10 == 9 {
					kind = 2
				}
				reply, took := timed(mta.addr, mails[kind])
				mu.Lock()
				switch {
				case wants[kind].MatchString(reply):
					times = append(times, took)
				case strings.HasPrefix(reply, "421"):
					later++
				default:
					wrong[fmt.Sprintf("%d: %.60s", kind, reply)]++
				}
				mu.Unlock()
			}
		})
	}
	var mb []int // ten times on the way
	for range 10 {
		time.Sleep(duration / 11)
		mb = append(mb, memory()>>10)
	}
	senders.Wait()
	slices.Sort(times)
	if len(times) == 0 {
		t.Fatalf("nothing was answered: %v", wrong)
	}
	t.Logf("%d sessions for %v: %d messages, %d times 421, others %v; final dot to reply p50 %v p99 %v; memory on the way %v MB",
		sessions, duration, len(times), later, wrong, times[len(times)/2], times[len(times)*99/100], mb)
	if len(wrong) > 0 {
		t.Error("errors other than 421")
	}
	if early, late := slices.Max(mb[:5]), slices.Max(mb[5:]); late > early+early/2+32 {
		t.Errorf("memory grew from %d to %d MB", early, late)
	}
}

// timed sends a message and tells the time from its final dot to the reply.
func timed(addr, text string) (reply string, took time.Duration) {
	c, err := dialSMTP(addr)
	if err != nil {
		return err.Error(), 0
	}
	defer c.nc.Close()
	if refused := c.open(); refused != "" {
		return refused, 0
	}
	begin := time.Now()
	reply = c.finish(text)
	took = time.Since(begin)
	fmt.Fprint(c.nc, "QUIT\r\n")
	return reply, took
}

// resident is a process's memory in kB.
func resident(pid int) int {
	status, _ := os.ReadFile(fmt.Sprint("/proc/", pid, "/status"))
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kb int
	_, _ = fmt.Sscan(rest, &kb)
	return kb
}

// residentOf is the memory of the program that was started with a file of dir.
func residentOf(name, dir string) (kb int) {
	out, _ := exec.Command("pgrep", "-f", "^"+name+" -c "+dir).Output()
	for _, pid := range strings.Fields(string(out)) {
		n, _ := strconv.Atoi(pid)
		kb += resident(n)
	}
	return kb
}
