package main

import (
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/settings"
	"github.com/fivefifty/fivefifty/examples/internal/smtprelay"
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
	Rules        settings.Rules
	Policy       settings.Policy
	Log          settings.Log
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

// readConfig reads the file called name, the embedded default if it is "". A
// key that is missing has the default's value.
func readConfig(name string) (*config, error) {
	c := new(config)
	if err := settings.Decode("default.toml", defaultConfig, c); err != nil {
		return nil, err
	}
	if name == "" {
		return c, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if err := settings.Decode(name, text, c); err != nil {
		return nil, err
	}
	return c, c.check(name)
}

func (c *config) check(name string) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %w", name, fmt.Errorf(format, args...)))
	}
	if err := c.Log.Check(); err != nil {
		bad("%w", err)
	}
	if c.Direction != "" && c.Direction != "in" && c.Direction != "out" {
		bad("direction: %q is neither in nor out", c.Direction)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("tls_cert and tls_key belong together")
	}
	if c.Limits.MessageBytes <= 0 || c.Limits.Recipients <= 0 || c.Limits.Connections <= 0 || c.Limits.ConnectionsClient <= 0 ||
		c.Limits.Idle <= 0 || c.Limits.Message <= 0 || c.Limits.Grace <= 0 || c.Limits.Scan <= 0 {
		bad("limits: each must be above zero, there is no \"unlimited\"")
	}
	if _, err := c.Policy.Scanner(false); err != nil {
		bad("policy: %w", err)
	}
	return errors.Join(errs...)
}

// options are the relay's, without the upstream's address and Load.
func (c *config) options(log *slog.Logger) (smtprelay.Options, error) {
	opts := smtprelay.Options{
		Hostname: c.Hostname, Direction: c.Direction, MarkAccepted: c.MarkAccepted, Log: log,
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
