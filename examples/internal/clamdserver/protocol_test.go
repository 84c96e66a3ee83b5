package clamdserver

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

const found = "Test_Marker_1.UNOFFICIAL FOUND"

// folder has clean and infected files, a FIFO and links.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"clean": "clean", "bad": marker, "with blank": marker, "empty": "", "broken": "broken-engine",
		"tree/a": "clean", "tree/b": marker, "tree/c/d": marker, "good/a": "clean", "mixed/a": "broken-engine", "mixed/b": marker,
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "fifos"), 0o700), syscall.Mkfifo(filepath.Join(dir, "fifos", "f"), 0o600),
		os.Mkdir(filepath.Join(dir, "links"), 0o700), os.Symlink("../bad", filepath.Join(dir, "links", "l")),
		os.Symlink("tree", filepath.Join(dir, "to-tree")), os.Symlink("bad", filepath.Join(dir, "to-bad")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const versionCommands = "ClamAV 1.4.6 test| COMMANDS: SCAN QUIT RELOAD PING CONTSCAN VERSIONCOMMANDS VERSION END SHUTDOWN MULTISCAN FILDES " +
	"STATS IDSESSION INSTREAM DETSTATSCLEAR DETSTATS ALLMATCHSCAN REPORT"

// Every row is what clamd 1.4.6 answers, but for the version, for REPORT, and where
// the comment says otherwise. "@" is the folder.
var conversations = []struct{ request, want string }{
	// Framing.
	{"nPING\n", "PONG\n"},
	{"zPING\x00", "PONG\x00"},
	{"PING", "PONG\n"},
	{"PING\n", "PONG\n"},
	{"PING\r\n", "PONG\n"},
	{"nPING\r\n", "PONG\n"},
	{"nPING\nnPING\n", "PONG\n"}, // one command, one answer
	{"PING\nPING\n", "PONG\n"},
	{"nping\n", "UNKNOWN COMMAND\n"},
	{"zPING x\x00", "UNKNOWN COMMAND\x00"},
	{"nPING \n", "UNKNOWN COMMAND\n"},
	{"n\n", "UNKNOWN COMMAND\n"},
	{"z\x00", "UNKNOWN COMMAND\x00"},
	{"\n", "UNKNOWN COMMAND\n"},

	// Commands about the daemon.
	{"nVERSION\n", "ClamAV 1.4.6 test\n"},
	{"VERSION", "ClamAV 1.4.6 test\n"},
	{"zVERSIONCOMMANDS\x00", versionCommands + "\x00"},
	{"nRELOAD\n", "RELOADING\n"},
	{"RELOAD\n", "RELOADING\n"},
	{"nSHUTDOWN\n", "COMMAND UNAVAILABLE\n"}, // clamd's newest source, where it is switched off
	{"nQUIT\n", "COMMAND UNAVAILABLE\n"},
	{"nDETSTATS\n", ""},
	{"nDETSTATSCLEAR\n", ""},

	// Not in the old form; gone; not outside of a session.
	{"INSTREAM\n", "UNKNOWN COMMAND\n"},
	{"STATS\n", "UNKNOWN COMMAND\n"},
	{"IDSESSION\n", "UNKNOWN COMMAND\n"},
	{"VERSIONCOMMANDS\n", "UNKNOWN COMMAND\n"},
	{"ALLMATCHSCAN @/bad\n", "UNKNOWN COMMAND\n"},
	{"nSTREAM\n", "UNKNOWN COMMAND\n"},
	{"nRAWSCAN @/bad\n", "UNKNOWN COMMAND\n"},
	{"nSESSION\n", "UNKNOWN COMMAND\n"},
	{"nEND\n", "UNKNOWN COMMAND\n"},
	{"END\n", "UNKNOWN COMMAND\n"},

	// Paths.
	{"nSCAN @/clean\n", "@/clean: OK\n"},
	{"nSCAN @/empty\n", "@/empty: OK\n"},
	{"SCAN @/bad\n", "@/bad: " + found + "\n"},
	{"SCAN @/bad", "@/bad: " + found + "\n"},
	{"zSCAN @/with blank\x00", "@/with blank: " + found + "\x00"},
	{"nSCAN\n", "UNKNOWN COMMAND\n"},
	{"nSCAN \n", ": File path check failure: No such file or directory. ERROR\n"},
	{"nSCAN @/none\n", "@/none: File path check failure: No such file or directory. ERROR\n"},
	{"nCONTSCAN @/none\n", "@/none: File path check failure: No such file or directory. ERROR\n"},
	{"nSCAN /dev/null\n", "/dev/null: Not supported file type ERROR\n"}, // clamd adds a line with OK
	{"nSCAN @/tree\n", "@/tree/b: " + found + "\n"},                     // the first hit only
	{"nSCAN @/tree/\n", "@/tree/b: " + found + "\n"},
	{"nCONTSCAN @/tree\n", "@/tree/b: " + found + "\n@/tree/c/d: " + found + "\n"},
	{"CONTSCAN @/tree\n", "@/tree/b: " + found + "\n@/tree/c/d: " + found + "\n"},
	{"nMULTISCAN @/tree\n", "@/tree/b: " + found + "\n@/tree/c/d: " + found + "\n"},
	{"nCONTSCAN @/good\n", "@/good: OK\n"},
	{"nCONTSCAN @/fifos\n", "@/fifos: OK\n"},
	{"nALLMATCHSCAN @/bad\n", "@/bad: " + found + "\n@/bad: Second.UNOFFICIAL FOUND\n"},
	{"nALLMATCHSCAN @/clean\n", "@/clean: OK\n"},
	// clamd follows no links unless told to, and says OK.
	{"nSCAN @/to-bad\n", "@/to-bad: " + found + "\n"},
	{"nCONTSCAN @/links\n", "@/links/l: " + found + "\n"},
	{"nCONTSCAN @/to-tree\n", "@/to-tree/b: " + found + "\n@/to-tree/c/d: " + found + "\n"},

	// Streams.
	{"zINSTREAM\x00" + chunks("clean"), "stream: OK\x00"},
	{"nINSTREAM\n" + chunks(), "stream: OK\n"},
	{"zINSTREAM\x00" + chunks(marker), "stream: " + found + "\x00"},
	{"zINSTREAM\x00" + chunks(marker[:5], marker[5:]), "stream: " + found + "\x00"},

	// What could not be examined is decided, not failed; clamd has ERROR or OK.
	{"zINSTREAM\x00" + chunks("broken-engine"), "stream: Fivefifty.Engine FOUND\x00"},
	{"zINSTREAM\x00" + chunks(strings.Repeat("x", 3*maxMessage)), "stream: Fivefifty.Limit.object_bytes FOUND\x00"},
	{"zINSTREAM\x00" + chunks("Subject: x\nMIME-Version: 1.0\nReceived: x\n\n"+strings.Repeat("x\n", maxMessage)), "stream: Fivefifty.Limit.message_bytes FOUND\x00"},
	{"nCONTSCAN @/mixed\n", "@/mixed/a: Fivefifty.Engine FOUND\n@/mixed/b: " + found + "\n"},

	// Descriptors: see TestDescriptors.
	{"nFILDES\n?", "No file descriptor received. ERROR\n"},
	{"FILDES\n?", "No file descriptor received. ERROR\n"},

	// Sessions.
	{"zIDSESSION\x00zPING\x00zINSTREAM\x00" + chunks(marker) + "zVERSION\x00zEND\x00",
		"1: PONG\x002: stream: " + found + "\x003: ClamAV 1.4.6 test\x00"},
	{"nIDSESSION\nzPING\x00nEND\n", "1: PONG\x00"},
	{"nIDSESSION\nnSCAN @/bad\nnSCAN @/clean\nnEND\n", "1: @/bad: " + found + "\n2: @/clean: OK\n"},
	{"nIDSESSION\nnSCAN @/tree\nnEND\n", "1: @/tree/b: " + found + "\n"},
	{"nIDSESSION\nnVERSIONCOMMANDS\nnEND\n", "1: " + versionCommands + "\n"},
	{"nIDSESSION\nnEND\nnPING\n", ""},
	{"nIDSESSION\nnRELOAD\nnPING\nnEND\n", "1: Command invalid inside IDSESSION. ERROR\n"},
	{"nIDSESSION\nnFOO\nnPING\nnEND\n", "1: Command invalid inside IDSESSION. ERROR\n"},
	{"nIDSESSION\nnSCAN\nnPING\nnEND\n", "1: Command invalid inside IDSESSION. ERROR\n"},
	{"nIDSESSION\nnIDSESSION\nnPING\nnEND\n", "1: Command invalid inside IDSESSION. ERROR\n"},
	{"nIDSESSION\nnCONTSCAN @/bad\nnEND\n", "1: Command invalid inside IDSESSION. ERROR\n"},
	{"nIDSESSION\nnALLMATCHSCAN @/bad\nnEND\n", "1: Command invalid inside IDSESSION. ERROR\n"},
	{"nIDSESSION\nnFILDES\n?nPING\nnEND\n", "1: No file descriptor received. ERROR\n"},
}

func TestConversations(t *testing.T) {
	dir := folder(t)
	unix, tcp := startServer(t, Options{Version: "test"})
	for _, c := range conversations {
		for _, addr := range []string{unix, tcp} {
			request, want := strings.ReplaceAll(c.request, "@", dir), strings.ReplaceAll(c.want, "@", dir)
			if got := ask(t, addr, request); got != want {
				t.Errorf("%.80q: got %q, want %q", request, got, want)
			}
		}
	}
}

// The daemon's user may read what others may not: only as somebody else does this
// say something.
func TestAccessDenied(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0); err != nil {
		t.Fatal(err)
	}
	_, tcp := startServer(t, Options{})
	if got := ask(t, tcp, "nSCAN "+file+"\n"); got != file+": Access denied. ERROR\n" {
		t.Errorf("%q", got)
	}
}

var statsForm = regexp.MustCompile(`^POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live \d+  idle \d+ max 100 idle-timeout 30\nQUEUE: 0 items\n` +
	`\tSTATS 0\.\d{6} \n\nMEMSTATS: heap [\d.]+M mmap N/A used [\d.]+M free N/A releasable N/A pools 1 pools_used [\d.]+M pools_total [\d.]+M\nEND\x00$`)

func TestStats(t *testing.T) {
	_, tcp := startServer(t, Options{})
	if got := ask(t, tcp, "zSTATS\x00"); !statsForm.MatchString(got) {
		t.Errorf("%q", got)
	}
}

// What does not come is waited for no longer than is configured, and is told so;
// what breaks off gets no answer.
func TestSilence(t *testing.T) {
	_, tcp := startServer(t, Options{CommandTimeout: 100 * time.Millisecond, StreamTimeout: 100 * time.Millisecond})
	const timedOut = "COMMAND READ TIMED OUT\n"
	for request, want := range map[string]string{
		"": timedOut, "n": timedOut, "nPIN": timedOut, "nFILDES\n": timedOut, "nIDSESSION\nnPING\n": "1: PONG\n" + timedOut,
		"nINSTREAM\n\x00\x00\x00\x05abc": timedOut, "nINSTREAM\n\x00\x00": timedOut,
		"n" + strings.Repeat("x", maxCommand+100): "UNKNOWN COMMAND\n",
	} {
		if got := ask(t, tcp, request); got != want {
			t.Errorf("%.40q: %q", request, got)
		}
	}
	for _, request := range []string{"", "nPING", "nINSTREAM\n\x00\x00\x00\x05abc", "nINSTREAM\n\x00\x00\x00\x03abc\x00\x00"} {
		nc, err := net.Dial("tcp", tcp)
		if err != nil {
			t.Fatal(err)
		}
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(nc, request)
		nc.(*net.TCPConn).CloseWrite()
		if got, _ := io.ReadAll(nc); len(got) > 0 {
			t.Errorf("%q, broken off: %q", request, got)
		}
		nc.Close()
	}
}

// Who sends a byte now and then does not hold the connection.
func TestSlowClients(t *testing.T) {
	_, tcp := startServer(t, Options{CommandTimeout: 200 * time.Millisecond, StreamTimeout: time.Minute, StreamTotal: 200 * time.Millisecond})
	for _, first := range []string{"nVERSION", "nINSTREAM\n\x00\x00\xff\xff"} {
		nc, err := net.Dial("tcp", tcp)
		if err != nil {
			t.Fatal(err)
		}
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(nc, first)
		go func() {
			for range 1000 {
				if _, err := io.WriteString(nc, "x"); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}()
		if got, _ := io.ReadAll(nc); !strings.HasPrefix(string(got), "COMMAND READ TIMED OUT") && len(got) > 0 {
			t.Errorf("%q: %q", first, got)
		}
		nc.Close()
	}
}

// The rest of a stream that is judged already is thrown away so far; then the
// answer goes out and the connection ends.
func TestDrain(t *testing.T) {
	unix, _ := startServer(t, Options{MaxDrain: 1000})
	nc, err := net.Dial("unix", unix)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	go io.WriteString(nc, "zIDSESSION\x00zINSTREAM\x00"+chunks(strings.Repeat("x", 10*maxMessage))+"zPING\x00")
	if got, _ := io.ReadAll(nc); string(got) != "1: stream: Fivefifty.Limit.object_bytes FOUND\x00" {
		t.Errorf("%q", got)
	}
}

// Clients above the limit wait for their turn.
func TestFull(t *testing.T) {
	_, tcp := startServer(t, Options{MaxConnections: 2})
	var asked sync.WaitGroup
	for range 20 {
		asked.Go(func() {
			if got := ask(t, tcp, "zINSTREAM\x00"+chunks(marker)); got != "stream: "+found+"\x00" {
				t.Errorf("%q", got)
			}
		})
	}
	asked.Wait()
}

func TestShutdownCommand(t *testing.T) {
	for _, command := range []string{"nSHUTDOWN\n", "SHUTDOWN", "zQUIT\x00"} {
		told := make(chan struct{}, 1)
		_, tcp := startServer(t, Options{Shutdown: func() { told <- struct{}{} }})
		if got := ask(t, tcp, command); got != "" {
			t.Errorf("%q: %q", command, got)
		}
		select {
		case <-told:
		case <-time.After(5 * time.Second):
			t.Errorf("%q: not told", command)
		}
	}
}

// RELOAD answers at once; of many, one at a time is done, and one waits.
func TestReload(t *testing.T) {
	var loads atomic.Int32
	hold := make(chan struct{})
	scanners, err := live.New(func() (*scanner.Scanner, io.Closer, error) {
		if loads.Add(1) > 1 {
			<-hold
		}
		s, err := scanner.New(scanner.Config{})
		return s, nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, tcp := serve(t, Options{Scanners: scanners})
	for range 50 {
		if got := ask(t, tcp, "nRELOAD\n"); got != "RELOADING\n" {
			t.Fatalf("%q", got)
		}
	}
	close(hold)
	for end := time.Now().Add(5 * time.Second); loads.Load() < 3 && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	time.Sleep(20 * time.Millisecond)
	if n := loads.Load(); n != 3 {
		t.Errorf("loaded %d times, want once at the start and twice then", n)
	}
}

func TestReport(t *testing.T) {
	dir := folder(t)
	_, tcp := startServer(t, Options{})
	for _, request := range []string{"nREPORT\n" + chunks(marker), "nREPORT " + dir + "/bad\n"} {
		text := ask(t, tcp, request)
		var r scanner.Report
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if r.Verdict != scanner.VerdictMalicious || len(r.Objects) != 1 || strings.Count(text, "\n") != 1 {
			t.Errorf("%q", text)
		}
	}
	for request, want := range map[string]string{
		"nREPORT " + dir + "/none\n":    dir + "/none: File path check failure: No such file or directory. ERROR\n",
		"nREPORT " + dir + "/fifos/f\n": dir + "/fifos/f: Not supported file type ERROR\n",
		"nREPORT " + dir + "\n":         dir + ": Not supported file type ERROR\n",
	} {
		if got := ask(t, tcp, request); got != want {
			t.Errorf("%q: %q", request, got)
		}
	}
	if got := ask(t, tcp, "zIDSESSION\x00zREPORT\x00"+chunks("clean")+"zEND\x00"); !strings.HasPrefix(got, `1: {"schema":1,`) {
		t.Errorf("%q", got)
	}
}
