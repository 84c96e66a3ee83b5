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

	"github.com/fivefifty/fivefifty/examples/internal/daemon"
	"github.com/fivefifty/fivefifty/examples/internal/quarantine"
	"github.com/fivefifty/fivefifty/examples/internal/settings"
	"github.com/fivefifty/fivefifty/examples/internal/smtprelay"
	"github.com/fivefifty/fivefifty/scanner"
)

//go:embed default.toml
var defaultConfig []byte

// config is the configuration file; default.toml says what each key means.
type config struct {
	settings.Sockets
	Hostname     string
	Upstream     string
	UpstreamTLS  smtprelay.TLSMode `toml:"upstream_tls"`
	UpstreamCA   string            `toml:"upstream_ca"`
	UpstreamPP   bool              `toml:"upstream_proxy_protocol"`
	TLSCert      string            `toml:"tls_cert"`
	TLSKey       string            `toml:"tls_key"`
	Trusted      []string
	Proxy        bool `toml:"proxy_protocol"`
	Auth         smtprelay.AuthMode
	BareNewlines smtprelay.BareMode   `toml:"bare_newlines"`
	OnReject     smtprelay.RejectMode `toml:"on_reject"`
	Direction    string
	MarkAccepted bool `toml:"mark_accepted"`
	Limits       limits
	Quarantine   holding
	settings.Base
}

// holding is the section [quarantine].
type holding struct {
	Folder   string
	MaxAge   time.Duration `toml:"max_age"`
	MaxBytes int64         `toml:"max_bytes"`
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
	if c.Quarantine.Folder != "" {
		c.CanHold()
	}
	errs := []error{c.Sockets.Check(), c.Base.Check(), settings.CheckDirection(c.Direction)}
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("tls_cert and tls_key belong together")
	}
	if _, err := settings.Networks(c.Trusted); err != nil {
		bad("trusted: %w", err)
	}
	if c.OnReject == smtprelay.RejectQuarantine && c.Quarantine.Folder == "" {
		bad("on_reject: quarantine wants quarantine.folder")
	}
	if c.OnReject != smtprelay.RejectRefuse && c.BareNewlines == smtprelay.BareReject {
		bad("bare_newlines: \"reject\" refuses what on_reject says is not to be refused")
	}
	if c.Quarantine.MaxAge <= 0 || c.Quarantine.MaxBytes <= 0 {
		bad("quarantine: max_age and max_bytes must be above zero")
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

// ScannerLimits leaves room for the trace header, which is scanned with the
// message.
func (c *config) ScannerLimits() scanner.Limits {
	return scanner.Limits{MessageBytes: c.Limits.MessageBytes + 4096, Time: c.Limits.Scan}
}

// options are the relay's. With check nothing is made that stays.
func (c *config) options(env daemon.Env, check bool) (smtprelay.Options, error) {
	trusted, err := settings.Networks(c.Trusted)
	if err != nil {
		return smtprelay.Options{}, err
	}
	opts := smtprelay.Options{
		Scanners: env.Scanners, Observe: env.Metrics.Observe, Log: env.Log,
		Hostname: c.Hostname, Direction: c.Direction, MarkAccepted: c.MarkAccepted,
		MaxMessageBytes: c.Limits.MessageBytes, MaxRecipients: c.Limits.Recipients,
		MaxConnections: c.Limits.Connections, MaxConnectionsClient: c.Limits.ConnectionsClient,
		IdleTimeout: c.Limits.Idle, MessageTimeout: c.Limits.Message,
		Trusted: trusted, Proxy: c.Proxy, Auth: c.Auth, BareNewlines: c.BareNewlines, OnReject: c.OnReject,
		Upstream: smtprelay.Upstream{Addr: c.Upstream, TLS: c.UpstreamTLS, Proxy: c.UpstreamPP},
	}
	if opts.TLS, err = c.serverTLS(env.Log); err != nil {
		return opts, err
	}
	if opts.Upstream.Config, err = c.upstreamTLS(); err != nil {
		return opts, err
	}
	if q := c.Quarantine; q.Folder != "" {
		opts.Quarantine = new(quarantine.Folder)
		if !check {
			opts.Quarantine, err = quarantine.Open(q.Folder, q.MaxAge, q.MaxBytes)
		}
	}
	return opts, err
}

// serverTLS is what STARTTLS is offered with, nil if it is not.
func (c *config) serverTLS(log *slog.Logger) (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	cert, err := loadCertificate(c.TLSCert, c.TLSKey, log)
	if err != nil {
		return nil, err
	}
	return &tls.Config{GetCertificate: cert.get}, nil
}

// upstreamTLS is what the upstream's certificate is verified with, nil for the
// system's roots.
func (c *config) upstreamTLS() (*tls.Config, error) {
	if c.UpstreamCA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.UpstreamCA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it", c.UpstreamCA)
	}
	return &tls.Config{RootCAs: roots}, nil
}
