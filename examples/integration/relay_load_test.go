//go:build integration

package integration

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Many sessions at once, for a while (FIVEFIFTY_LOAD, "60s"): nothing but 421 goes
// wrong, infected mail is refused, and memory does not grow.
func TestRelayLoad(t *testing.T) {
	long := 5 * time.Second
	if d, err := time.ParseDuration(os.Getenv("FIVEFIFTY_LOAD")); err == nil {
		long = d
	}
	const sessions = 200
	relayAddr := freeAddr(t)
	next := startSink(t)
	p := start(t, "relay", relayConfig(relayAddr, next.Addr(), fmt.Sprintf("[limits]\nconnections = %d\nconnections_client = %d\n[log]\nlevel = \"error\"\n", sessions+10, sessions+10)), relayAddr)
	end := time.Now().Add(long)
	var all loadResult
	var senders sync.WaitGroup
	for i := range sessions {
		senders.Go(func() { all.add(oneSession(relayAddr, i, end)) })
	}
	var memory []int
	for time.Now().Before(end) {
		time.Sleep(long / 10)
		memory = append(memory, residentKB(p.cmd.Process.Pid))
	}
	senders.Wait()
	slices.Sort(all.times)
	if len(all.errors) > 0 {
		t.Errorf("%d errors, the first: %s", len(all.errors), all.errors[0])
	}
	if len(all.times) == 0 {
		t.Fatal("nothing was sent")
	}
	t.Logf("%d sessions, %v: %d messages, %d refused, %d times 421; dot to reply p50 %v, p99 %v, max %v; resident KiB %v",
		sessions, long, len(all.times), all.refused, all.full, all.times[len(all.times)/2], all.times[len(all.times)*99/100], all.times[len(all.times)-1], memory)
	half := memory[len(memory)/2]
	if last := memory[len(memory)-1]; last > 2*half+50<<10 {
		t.Errorf("memory grew from %d to %d KiB", half, last)
	}
}

type loadResult struct {
	mu            sync.Mutex
	times         []time.Duration
	errors        []string
	refused, full int
}

func (r *loadResult) add(more *loadResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times = append(r.times, more.times...)
	r.errors = append(r.errors, more.errors...)
	r.refused += more.refused
	r.full += more.full
}

// oneSession sends messages, a connection for each ten, until the end.
func oneSession(addr string, number int, end time.Time) *loadResult {
	out := new(loadResult)
	for i := 0; time.Now().Before(end) && len(out.errors) == 0; i++ {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			out.errors = append(out.errors, err.Error())
			return out
		}
		out.talk(c, number, end)
		c.Close()
	}
	return out
}

func (r *loadResult) talk(c net.Conn, number int, end time.Time) {
	c.SetDeadline(time.Now().Add(time.Minute))
	in := bufio.NewReader(c)
	say := func(line, want string) bool {
		io.WriteString(c, line)
		for {
			got, err := in.ReadString('\n')
			switch {
			case err != nil:
				r.errors = append(r.errors, err.Error())
				return false
			case strings.HasPrefix(got, "421"):
				r.full++
				return false
			case !strings.HasPrefix(got, want):
				r.errors = append(r.errors, fmt.Sprintf("%.40q: %s", line, got))
				return false
			case got[3] == ' ':
				return true
			}
		}
	}
	if !say("", "220") || !say("EHLO load\r\n", "250") {
		return
	}
	for i := 0; i < 10 && time.Now().Before(end); i++ {
		body, want := strings.Repeat("All work and no play.\r\n", 100+(number+i)%10*400), "250"
		if (number+i)%10 == 7 {
			body, want = eicar+"\r\n", "550"
			r.refused++
		}
		if !say("MAIL FROM:<a@b.test>\r\n", "250") || !say("RCPT TO:<c@d.test>\r\n", "250") || !say("DATA\r\n", "354") {
			return
		}
		io.WriteString(c, "Subject: load\r\n\r\n"+body)
		dot := time.Now()
		if !say(".\r\n", want) {
			return
		}
		r.times = append(r.times, time.Since(dot))
	}
	say("QUIT\r\n", "221")
}

// residentKB is the resident memory of a process.
func residentKB(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	n := 0
	fmt.Sscan(rest, &n)
	return n
}
