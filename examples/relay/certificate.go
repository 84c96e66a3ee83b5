package main

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is the one that STARTTLS is offered with. It is read anew when its
// file changes, as those that are renewed every few weeks do; one that cannot be
// read leaves the former in use.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	changed time.Time // of the file that current is from
	looked  time.Time
}

// between is how often the file is looked at, at most.
const between = 10 * time.Second

func loadCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	return c, c.load()
}

// load reads the files unless they are those that were read last.
func (c *certificate) load() error {
	c.looked = time.Now()
	info, err := os.Stat(c.certFile)
	if err != nil || info.ModTime().Equal(c.changed) {
		return err
	}
	cert, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.current, c.changed = &cert, info.ModTime()
	return nil
}

// get is for tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) > between {
		if err := c.load(); err != nil {
			c.log.Error("certificate, the former stays", "error", err)
		}
	}
	return c.current, nil
}
