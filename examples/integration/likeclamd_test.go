//go:build integration

package integration

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The daemon answers as Debian's clamd does, given the same signature.
func TestLikeClamd(t *testing.T) {
	t.Parallel()
	need(t, "clamd")
	dir := shortDir(t)
	for name, text := range map[string]string{"clean": "clean\n", "bad": likeMarker, "tree/a": "clean\n", "tree/b": likeMarker, "tree/c/d": likeMarker, "good/a": "x\n"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		write(t, filepath.Join(dir, name), text)
	}
	signatures := filepath.Join(dir, "db", "t.hsb")
	must(t, os.Mkdir(filepath.Dir(signatures), 0o755))
	write(t, signatures, likeSignature)
	ours := freeAddr(t)
	start(t, "clamd", fmt.Sprintf("listen = [%q]\nversion = \"\"\n[rules]\nbundled = false\nhashes = [%q]\n[limits]\ncommand = \"2s\"\nstream = \"2s\"\n", ours, signatures), ours)
	theirs := freeAddr(t)
	startClamd(t, dir, theirs, filepath.Dir(signatures), "CommandReadTimeout 2\nReadTimeout 2\nAllowAllMatchScan yes\n")
	for _, request := range likeRequests {
		request = strings.ReplaceAll(request, "@", dir)
		if got, want := asked(t, ours, request), asked(t, theirs, request); like(got) != like(want) {
			t.Errorf("%.80q: %q, and clamd %q", request, got, want)
		}
	}
}

const (
	likeMarker    = "fivefifty-test-marker-5b1d"
	likeSignature = "3b384e109a0d7aa4aae467384654402074607c537026c5fee871c1ead0729965:26:Test.Marker\n"
)

// like leaves out what may differ: the answers' order in a session, the numbers of
// STATS and of descriptors, and the command that clamd does not have.
func like(answer string) string {
	answer = strings.ReplaceAll(answer, "ALLMATCHSCAN REPORT", "ALLMATCHSCAN")
	answer = regexp.MustCompile(`(THREADS|MEMSTATS|\tSTATS|\tIDLE).*\n`).ReplaceAllString(answer, "")
	end := answer[max(0, len(answer)-1):]
	lines := strings.Split(answer, end)
	slices.Sort(lines)
	return strings.Join(lines, end)
}

func inChunks(parts ...string) string {
	var b []byte
	for _, p := range append(parts, "") {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(p))), p...)
	}
	return string(b)
}

var likeRequests = []string{
	"nPING\n", "zPING\x00", "PING", "PING\r\n", "nPING\r\n", "nPING\nnPING\n", "PING\nPING\n", "nping\n", "zPING x\x00", "nPING \n", "n\n", "\n", "",
	"nVERSION\n", "VERSION", "zVERSIONCOMMANDS\x00", "VERSIONCOMMANDS\n", "nRELOAD\n", "RELOAD", "nSTATS\n", "zSTATS\x00", "STATS\n", "nEND\n",
	"nSTREAM\n", "nRAWSCAN @/bad\n", "nSESSION\n", "nDETSTATS\n", "nDETSTATSCLEAR\n", "INSTREAM\n", "IDSESSION\n",
	"nSCAN @/clean\n", "SCAN @/bad\n", "SCAN @/bad", "nSCAN\n", "nSCAN \n", "nSCAN @/none\n", "nSCAN @/tree\n", "nCONTSCAN @/tree\n", "MULTISCAN @/tree\n",
	"nCONTSCAN @/good\n", "nCONTSCAN @/none\n", "nALLMATCHSCAN @/bad\n", "ALLMATCHSCAN @/bad\n",
	"zINSTREAM\x00" + inChunks("clean"), "nINSTREAM\n" + inChunks(), "zINSTREAM\x00" + inChunks(likeMarker), "nINSTREAM\n" + inChunks(likeMarker[:3], likeMarker[3:]),
	"nINSTREAM\n\x00\x00\x00\x09abc", "nFILDES\n?", "FILDES\n?", "nPIN", "n",
	"zIDSESSION\x00zPING\x00zINSTREAM\x00" + inChunks(likeMarker) + "zVERSION\x00zEND\x00", "nIDSESSION\nzPING\x00nEND\n",
	"nIDSESSION\nnSCAN @/bad\nnSCAN @/clean\nnSCAN @/tree\nnEND\n", "nIDSESSION\nnRELOAD\nnPING\nnEND\n", "nIDSESSION\nnFOO\nnPING\nnEND\n",
	"nIDSESSION\nnSCAN\nnEND\n", "nIDSESSION\nnIDSESSION\nnEND\n", "nIDSESSION\nnCONTSCAN @/bad\nnEND\n", "nIDSESSION\nnEND\nnPING\n", "nIDSESSION\nnPING\n",
	"nIDSESSION\nnFILDES\n?nPING\nnEND\n",
}

// asked sends a request and reads to the end.
func asked(t *testing.T, addr, request string) string {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	must(t, err)
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	_, err = io.WriteString(nc, request)
	must(t, err)
	answer, _ := io.ReadAll(nc)
	return string(answer)
}

// startClamd starts Debian's clamd with the signatures in a folder.
func startClamd(t *testing.T, dir, addr, signatures, more string) {
	t.Helper()
	config := filepath.Join(dir, "clamd.conf")
	write(t, config, fmt.Sprintf("TCPAddr 127.0.0.1\nTCPSocket %s\nDatabaseDirectory %s\nForeground yes\nUser root\nLogFile %s/clamd.log\n%s", port(addr), signatures, dir, more))
	server(t, dir, []string{"clamd.log"}, nil, "clamd", "-c", config)
	waitFor(t, addr)
}
