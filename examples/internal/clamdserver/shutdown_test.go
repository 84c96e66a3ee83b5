package clamdserver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// begun is a server with a client that has sent half of an infected stream.
func begun(t *testing.T) (s *Server, client net.Conn, rest string) {
	t.Helper()
	s, err := New(withPolicy(t, scanner.Policy{}, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	client.SetDeadline(time.Now().Add(10 * time.Second))
	head := binary.BigEndian.AppendUint32([]byte("nINSTREAM\n"), uint32(len(marker)))
	_, _ = client.Write(append(head, marker[:5]...))
	for s.busy.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	return s, client, marker[5:] + "\x00\x00\x00\x00"
}

// At the end, who has begun is answered.
func TestShutdownFinishes(t *testing.T) {
	s, client, rest := begun(t)
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(context.Background()) }()
	time.Sleep(50 * time.Millisecond)
	_, _ = io.WriteString(client, rest)
	if got, _ := io.ReadAll(client); string(got) != "stream: "+found+"\n" {
		t.Errorf("%q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Who takes longer than there is time gets no answer, which nobody takes for OK.
func TestShutdownBreaksOff(t *testing.T) {
	s, client, _ := begun(t)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if got, _ := io.ReadAll(client); len(got) > 0 {
		t.Errorf("%q", got)
	}
}
