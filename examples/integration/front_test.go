//go:build integration

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// skipped is why tests were skipped; TestMain prints it.
var skipped struct {
	sync.Mutex
	why []string
}

func skip(t *testing.T, why string) {
	t.Helper()
	skipped.Lock()
	skipped.why = append(skipped.why, t.Name()+": "+why)
	skipped.Unlock()
	t.Skip(why)
}

// need skips the test unless it is root's and the programs are there.
func need(t *testing.T, programs ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		skip(t, "only root can start mail servers")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			skip(t, p+" is not installed")
		}
	}
}

// unpacked copies a program of a package that scripts/deps-servers unpacked beside
// the system, to where every user can run it.
func unpacked(t *testing.T, path string) (program string) {
	t.Helper()
	from := filepath.Join("..", "..", "bin", "servers", path)
	b, err := os.ReadFile(from)
	if err != nil {
		skip(t, filepath.Base(path)+" is not unpacked: run scripts/deps-servers")
	}
	program = filepath.Join(shortDir(t), filepath.Base(path))
	must(t, os.WriteFile(program, b, 0o755))
	return program
}

// server runs a program that is not ours, and stops it when the test ends. Its
// output is in dir/out; logs are shown if the test fails.
func server(t *testing.T, dir string, logs []string, attr *syscall.SysProcAttr, name string, args ...string) {
	t.Helper()
	out, err := os.Create(filepath.Join(dir, "out"))
	must(t, err)
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, dir
	if attr == nil {
		attr = new(syscall.SysProcAttr)
	}
	attr.Setpgid = true
	cmd.SysProcAttr = attr
	must(t, cmd.Start())
	t.Cleanup(func() {
		stopGroup(cmd)
		out.Close()
		for _, l := range append(logs, "out") {
			if text, _ := os.ReadFile(filepath.Join(dir, l)); t.Failed() {
				t.Logf("%s of %s:\n%s", l, filepath.Base(name), tail(string(text), 40))
			}
		}
	})
}

// stopGroup ends a program and its children.
func stopGroup(cmd *exec.Cmd) {
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	<-ended
}

// front is one way from a client through a server and our program to a mailbox.
type front struct {
	addr  string   // where the client connects
	box   *mailbox // where mail ends up
	start func(t *testing.T, more string) *program

	refused string // what the client gets for an infected message, a pattern
	down    string // and for any while our program is away

	passesTexts bool          // the server does not ask about mail without attachments
	recovery    time.Duration // until the server asks our program again; 0 is at once
}

// check sends clean and infected mail, then takes our program away in several
// ways. What was acknowledged must be in the mailbox, what is infected or was not
// scanned must not.
func (f *front) check(t *testing.T) {
	p := f.start(t, "")
	f.recovers(t, "started")
	f.passes(t)
	f.refuses(t)

	p.stop()
	f.away(t, "while down")

	p = f.start(t, "")
	f.recovers(t, "restarted")

	f.killed(t, p)
	p = f.start(t, "")
	f.recovers(t, "after the kill")
	f.crowd(t)
	p.stop()
}

func (f *front) passes(t *testing.T) {
	t.Helper()
	for name, text := range cleanBodies {
		f.arrives(t, "clean "+name, text)
	}
}

func (f *front) arrives(t *testing.T, subject, text string) {
	t.Helper()
	if got := deliver(f.addr, plainMail(subject, text)); got[0] != '2' {
		t.Errorf("%s: %s", subject, got)
		return
	}
	f.unchanged(t, subject, text)
}

// unchanged says whether an acknowledged message is in the mailbox, with its body.
func (f *front) unchanged(t *testing.T, subject, text string) {
	t.Helper()
	got, ok := f.box.mail(subject, 15*time.Second)
	if !ok {
		t.Errorf("%s: acknowledged and lost", subject)
	} else if body(got) != text {
		t.Errorf("%s: the body was changed: %.200q", subject, body(got))
	}
}

// recovers sends a message as a sender does that is told to try again.
func (f *front) recovers(t *testing.T, subject string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(f.recovery + 10*time.Second); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		if got = deliver(f.addr, plainMail(subject, "hello again\r\n")); got[0] == '2' {
			f.unchanged(t, subject, "hello again\r\n")
			return
		}
	}
	t.Errorf("%s: %s", subject, got)
}

func (f *front) refuses(t *testing.T) {
	t.Helper()
	for name, text := range infected(t) {
		if got := deliver(f.addr, text); !regexp.MustCompile(f.refused).MatchString(got) {
			t.Errorf("infected, %s: %s", name, got)
		}
	}
	f.nothingOf(t, "infected attached", "infected nested", "infected deep")
}

func (f *front) away(t *testing.T, subject string) {
	t.Helper()
	mails := []string{attached(subject, "eicar.com", []byte(eicar)), attached(subject, "clean.bin", []byte("clean"))}
	if !f.passesTexts {
		mails = append(mails, plainMail(subject, "hello\r\n"))
	}
	for _, text := range mails {
		got := deliver(f.addr, text)
		t.Logf("%s: %s", subject, got)
		if !regexp.MustCompile(f.down).MatchString(got) {
			t.Errorf("%s: %s", subject, got)
		}
	}
	f.nothingOf(t, subject)
}

// killed sends half of a message, kills our program, and sends the rest; and kills
// it while it has a whole one.
func (f *front) killed(t *testing.T, p *program) {
	t.Helper()
	text := attached("killed in the middle", "eicar.com", []byte(eicar))
	c, err := dialSMTP(f.addr)
	must(t, err)
	defer c.nc.Close()
	if refused := c.open(); refused != "" {
		t.Errorf("before the kill: %s", refused)
		return
	}
	half := len(text) / 2
	fmt.Fprint(c.nc, text[:half])
	time.Sleep(200 * time.Millisecond)
	p.kill()
	if got := c.finish(text[half:]); !regexp.MustCompile(f.down).MatchString(got) {
		t.Errorf("killed in the middle: %s", got)
	}

	p = f.start(t, "")
	f.recovers(t, "between the kills")
	p.freeze(t)
	killed := make(chan struct{})
	go func() { time.Sleep(time.Second); p.kill(); close(killed) }()
	defer func() { <-killed }()
	if got := deliver(f.addr, attached("killed at the end", "eicar.com", []byte(eicar))); !regexp.MustCompile(f.down).MatchString(got) {
		t.Errorf("killed at the end: %s", got)
	}
	f.nothingOf(t, "killed in the middle", "killed at the end")
}

// crowd sends many messages at once.
func (f *front) crowd(t *testing.T) {
	t.Helper()
	var senders sync.WaitGroup
	for i := range 12 {
		senders.Go(func() {
			if i%2 == 0 {
				f.arrives(t, fmt.Sprint("crowd ", i), "hello\r\n")
			} else if got := deliver(f.addr, attached(fmt.Sprint("crowd ", i), "eicar.com", []byte(eicar))); !regexp.MustCompile(f.refused).MatchString(got) {
				t.Errorf("crowd: %s", got)
			}
		})
	}
	senders.Wait()
	for i := 1; i < 12; i += 2 {
		f.nothingOf(t, fmt.Sprint("crowd ", i))
	}
}

func (f *front) nothingOf(t *testing.T, subjects ...string) {
	t.Helper()
	for _, s := range subjects {
		if _, ok := f.box.mail(s, 0); ok {
			t.Errorf("%s: arrived", s)
		}
	}
}

// kill ends one of our programs with no chance to finish.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// freeze has one of our programs stand still, as if a scan took for ever.
func (p *program) freeze(t *testing.T) {
	t.Helper()
	must(t, p.cmd.Process.Signal(syscall.SIGSTOP))
	stopped := regexp.MustCompile(`\) [Tt] `)
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid)); err != nil || stopped.Match(stat) {
			return
		}
	}
	t.Log("the program does not stand still")
}

// clamdAt returns what starts our daemon at a unix socket and a TCP address.
func clamdAt(socket, addr string) func(*testing.T, string) *program {
	return func(t *testing.T, more string) *program {
		return start(t, "clamd", fmt.Sprintf("listen = [\"unix:%s\", %q]\nsocket_mode = \"0666\"\n%s", socket, addr, more), addr)
	}
}

func printSkipped() {
	if len(skipped.why) > 0 {
		fmt.Println("skipped:\n  " + strings.Join(skipped.why, "\n  "))
	}
}
