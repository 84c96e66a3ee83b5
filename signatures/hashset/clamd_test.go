//go:build linux

package hashset

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkClamd starts Debian's clamd with the digests of BenchmarkLarge as an
// .hsb, until it answers: wall time, the processor's time, resident memory.
func BenchmarkClamd(b *testing.B) {
	clamd, err := exec.LookPath("clamd")
	if err != nil {
		b.Skip("no clamd")
	}
	dir := b.TempDir()
	database, config, socket := filepath.Join(dir, "db"), filepath.Join(dir, "clamd.conf"), filepath.Join(dir, "s")
	if err := os.Mkdir(database, 0o755); err != nil {
		b.Fatal(err)
	}
	list, err := os.Create(filepath.Join(database, "feed.hsb"))
	if err != nil {
		b.Fatal(err)
	}
	writeList(list, *largeHashes, widths[fileSHA256], false)
	if err := list.Close(); err != nil {
		b.Fatal(err)
	}
	text := fmt.Sprintf("Foreground true\nDatabaseDirectory %s\nLocalSocket %s\nSelfCheck 0\nBytecode no\n", database, socket)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		benchmarkStart(b, exec.Command(clamd, "--config-file="+config), socket)
	}
}

func benchmarkStart(b *testing.B, c *exec.Cmd, socket string) {
	os.Remove(socket)
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		c.Process.Kill()
		c.Wait()
		b.ReportMetric((c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds(), "cpu-s")
	}()
	for range 3000 {
		if answers(socket) {
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
			_, rest, _ := strings.Cut(string(status), "VmRSS:")
			var kib float64
			fmt.Sscan(rest, &kib)
			b.ReportMetric(kib*1024, "resident-B")
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Fatal("clamd does not answer")
}

// answers says whether clamd says PONG.
func answers(socket string) bool {
	conn, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Write([]byte("zPING\x00")); err != nil {
		return false
	}
	var b [5]byte
	_, err = conn.Read(b[:])
	return err == nil && string(b[:4]) == "PONG"
}
