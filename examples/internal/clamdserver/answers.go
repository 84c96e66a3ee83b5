package clamdserver

import (
	"fmt"
	"runtime"
	"strings"
)

// clamVersion is the version of clamd whose answers these are.
const clamVersion = "ClamAV 1.4.6"

// versionText is clamVersion and who it is that answers.
func (s *Server) versionText() string {
	return strings.TrimSpace(clamVersion + " " + s.opts.Version)
}

func (c *conn) version(string) bool {
	c.say("%s", c.server.versionText())
	return true
}

// versionCommands lists what clamd lists, in its order, and our own.
func (c *conn) versionCommands(string) bool {
	c.say("%s| COMMANDS: SCAN QUIT RELOAD PING CONTSCAN VERSIONCOMMANDS VERSION END SHUTDOWN MULTISCAN FILDES STATS "+
		"IDSESSION INSTREAM DETSTATSCLEAR DETSTATS ALLMATCHSCAN REPORT", c.server.versionText())
	return true
}

// stats answers in clamd's form; monitoring reads its lines.
func (c *conn) stats(string) bool {
	s := c.server
	live := s.Len()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	mib := func(n uint64) string { return fmt.Sprintf("%.3fM", float64(n)/(1<<20)) }
	c.say("POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live %d  idle %d max %d idle-timeout 30\nQUEUE: 0 items\n\tSTATS 0.000000 \n\n"+
		"MEMSTATS: heap %s mmap N/A used %s free N/A releasable N/A pools 1 pools_used %s pools_total %s\nEND",
		live, max(0, live-int(s.busy.Load())), s.opts.MaxConnections, mib(m.HeapSys), mib(m.HeapInuse), mib(m.HeapInuse), mib(m.HeapSys))
	return true
}

// reload answers at once; clamd too loads in the background and keeps the old
// rules until it is done.
func (c *conn) reload(string) bool {
	s := c.server
	select {
	case s.reloads <- struct{}{}:
		go func() {
			s.reloading.Lock()
			defer s.reloading.Unlock()
			<-s.reloads
			if err := s.opts.Scanners.Reload(); err != nil {
				s.opts.Log.Error("reload failed, the old rules stay", "error", err)
			}
		}()
	default: // one waits already, and will read what is there by then
	}
	c.say("RELOADING")
	return true
}

func (c *conn) shutdown(string) bool {
	if c.server.opts.Shutdown == nil {
		c.say("COMMAND UNAVAILABLE")
		return true
	}
	go c.server.opts.Shutdown()
	return false
}
