package milterserver

import (
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

// packets makes a conversation of events, each a code and its data.
func packets(events ...string) (b []byte) {
	for _, e := range events {
		b = binary.BigEndian.AppendUint32(b, uint32(len(e)))
		b = append(b, e...)
	}
	return b
}

const offer = "O\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff"

// FuzzEvents is a hostile MTA: whatever it sends, the conversation ends, takes no
// more memory than its bytes warrant, and leaves no goroutine behind.
func FuzzEvents(f *testing.F) {
	f.Add(packets(offer, "Cmx.example\x004\x00\x19192.0.2.1\x00", "Hhelo\x00", "M<a@b>\x00SIZE=1\x00", "DRi\x00Q1\x00", "R<c@d>\x00", "T",
		"LSubject\x00 x\n\ty\x00", "LX-A\x00 forged\x00", "N", "Bbody\r\n", "E", "A", "K", "Q"))
	f.Add(packets("O\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00", "M<>\x00", "La\x00b\x00", "N", "Bx", "Ex", "M<>\x00", "E"))
	f.Add(packets(offer, "N", "E", "E", "B", "L", "D", "C", "C\x006", "R", "U", "\xff"))
	f.Add(append(packets(offer), "\x00\x10\x00\x00L"...))
	f.Add(packets("Di\x00a\x00b", "La\x00b\x00"))
	scanners, err := live.New(func() (*scanner.Scanner, io.Closer, error) {
		s, err := scanner.New(scanner.Config{})
		return s, nil, err
	})
	if err != nil {
		f.Fatal(err)
	}
	s, err := New(Options{Scanners: scanners, Header: "X-A", IdleTimeout: 2 * time.Second})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		goroutines := runtime.NumGoroutine()
		runtime.ReadMemStats(&before)
		converse(t, s, data)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20+10_000*uint64(len(data)) {
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
		server.Close()
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
