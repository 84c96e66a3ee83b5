package clamdserver

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

// FuzzConversation is a hostile client: whatever it sends, the conversation ends,
// takes no more memory than its bytes warrant, and leaves no goroutine or
// descriptor behind.
func FuzzConversation(f *testing.F) {
	for _, c := range conversations {
		if !strings.Contains(c.request, "@") {
			f.Add([]byte(c.request))
		}
	}
	f.Add([]byte("nINSTREAM\n\xff\xff\xff\xffabc"))
	f.Add([]byte("zIDSESSION\x00zREPORT\x00\x00\x00\x00\x01a\x00\x00\x00\x00zSTATS\x00zINSTREAM\x00\x00\x00\x00\x00zEND\x00"))
	f.Add([]byte("nIDSESSION\nnFILDES\n?nFILDES\n?"))
	scanners, err := live.New(func() (*scanner.Scanner, io.Closer, error) {
		s, err := scanner.New(scanner.Config{})
		return s, nil, err
	})
	if err != nil {
		f.Fatal(err)
	}
	s, err := New(Options{Scanners: scanners, CommandTimeout: time.Second, StreamTimeout: time.Second, StreamTotal: 2 * time.Second})
	if err != nil {
		f.Fatal(err)
	}
	// Paths are read below an empty folder, whatever the input says.
	f.Chdir(f.TempDir())
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte(" /")) || bytes.Contains(data, []byte("..")) {
			return // paths of this machine
		}
		var before, after runtime.MemStats
		goroutines := runtime.NumGoroutine()
		runtime.ReadMemStats(&before)
		converse(t, s, data)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20+1000*uint64(len(data)) {
			t.Errorf("%d bytes allocated for %d", got, len(data))
		}
		for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > goroutines; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d goroutines left", runtime.NumGoroutine()-goroutines)
			}
		}
	})
}

// converse sends data and hangs up.
func converse(t *testing.T, s *Server, data []byte) {
	client, server := net.Pipe()
	done, sent := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		newConn(s, server).Serve()
	}()
	go func() {
		defer close(sent)
		_, _ = client.Write(data)
		time.Sleep(time.Millisecond)
		client.Close()
	}()
	_, _ = io.Copy(io.Discard, client)
	for _, c := range []chan struct{}{done, sent} {
		select {
		case <-c:
		case <-time.After(10 * time.Second):
			t.Fatal("the conversation does not end")
		}
	}
}

// Descriptors that a client passes are closed when it leaves, used or not.
func TestNoDescriptorLeft(t *testing.T) {
	unix, _ := startServer(t, Options{})
	before := descriptors(t)
	for range 20 {
		nc, err := net.Dial("unix", unix)
		if err != nil {
			t.Fatal(err)
		}
		passFiles(t, nc.(*net.UnixConn), "nPING\n", 40)
		_, _ = io.ReadAll(nc)
		nc.Close()
	}
	for end := time.Now().Add(5 * time.Second); descriptors(t) > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d descriptors, %d before", descriptors(t), before)
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc here")
	}
	return len(entries)
}

// passFiles passes n descriptors of one file with text.
func passFiles(t *testing.T, c *net.UnixConn, text string, n int) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(marker); err != nil {
		t.Fatal(err)
	}
	sendFiles(t, c, text, f, n)
}
