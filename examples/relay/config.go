package main

import (
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/daemon"
	"github.com/fivefifty/fivefifty/examples/internal/settings"
	"github.com/fivefifty/fivefifty/examples/internal/smtprelay"
	"github.com/fivefifty/fivefifty/scanner"
)

//go:embed default.toml
var defaultConfig []byte

// config is the configuration file; default.toml says what each key means.
type config struct {
	Listen       string
	Hostname     string
	Upstream     string
	UpstreamTLS  smtprelay.TLSMode `toml:"upstream_tls"`
	UpstreamCA   string            `toml:"upstream_ca"`
	TLSCert      string            `toml:"tls_cert"`
	TLSKey       string            `toml:"tls_key"`
	Direction    string
	MarkAccepted bool `toml:"mark_accepted"`
	Limits       limits
	settings.Base
}

type limits struct {
	MessageBytes      int64 `toml:"message_bytes"`
	Recipients        int
	Connections       int
	ConnectionsClient int `toml:"connections_client"`
	Idle              time.Duration
	Message           time.Duration
	Grace             time.Duration
	Scan              time.Duration
}

// readConfig reads the file, the embedded default if it is "".
func readConfig(file string) (*config, error) {
	c := new(config)
	return c, settings.File(file, defaultConfig, c)
}

// Check returns what is wrong with the configuration.
func (c *config) Check() error {
	errs := []error{c.Base.Check(), settings.CheckDirection(c.Direction)}
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("tls_cert and tls_key belong together")
	}
	l := c.Limits
	if l.MessageBytes <= 0 || l.Recipients <= 0 || l.Connections <= 0 || l.ConnectionsClient <= 0 ||
		l.Idle <= 0 || l.Message <= 0 || l.Grace <= 0 || l.Scan <= 0 {
		bad("limits: each must be above zero, there is no \"unlimited\"")
	}
	return errors.Join(errs...)
}

func (c *config) Shared() *settings.Base { return &c.Base }
func (c *config) Grace() time.Duration   { return c.Limits.Grace }

func (c *config) ScannerLimits() scanner.Limits {
	return scanner.Limits{MessageBytes: c.Limits.MessageBytes, Time: c.Limits.Scan}
}

// options are the relay's, without the upstream's address.
func (c *config) options(env daemon.Env) (smtprelay.Options, error) {
	opts := smtprelay.Options{
		Scanners: env.Scanners, Observe: env.Metrics.Observe, Log: env.Log,
		Hostname: c.Hostname, Direction: c.Direction, MarkAccepted: c.MarkAccepted,
		MaxMessageBytes: c.Limits.MessageBytes, MaxRecipients: c.Limits.Recipients,
		MaxConnections: c.Limits.Connections, MaxConnectionsClient: c.Limits.ConnectionsClient,
		IdleTimeout: c.Limits.Idle, MessageTimeout: c.Limits.Message,
		Upstream: smtprelay.Upstream{Addr: c.Upstream, TLS: c.UpstreamTLS},
	}
	if c.TLSCert != "" {
		cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return opts, err
		}
		opts.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	}
	if c.UpstreamCA != "" {
		pem, err := os.ReadFile(c.UpstreamCA)
		if err != nil {
			return opts, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return opts, fmt.Errorf("%s: no certificate in it", c.UpstreamCA)
		}
		opts.Upstream.Config = &tls.Config{RootCAs: roots}
	}
	return opts, nil
}
