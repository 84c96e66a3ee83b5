package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/BurntSushi/toml"

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
	Rules        rules
	Policy       policy
	Log          logging
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

type rules struct {
	Bundled bool
	Yara    []string
	Hashes  []string
}

type policy struct {
	VirusText        string   `toml:"virus_text"`
	BlockTypes       []string `toml:"block_types"`
	BlockTypesInside []string `toml:"block_types_inside"`
	BlockNames       []string `toml:"block_names"`
	BlockAnomalies   []string `toml:"block_anomalies"`
	Findings         map[string]scanner.Disposition
	Unchecked        map[string]scanner.Disposition
}

type logging struct {
	Format string
	Level  slog.Level
}

// errQuarantine is what a policy gets that asks for what the relay has not.
var errQuarantine = errors.New(`this relay keeps no messages: "quarantine" is not possible, use "defer" or "reject"`)

// readConfig reads the file called name, the embedded default if it is "". A
// key that is missing has the default's value.
func readConfig(name string) (*config, error) {
	c := new(config)
	if err := c.decode("default.toml", defaultConfig); err != nil {
		return nil, err
	}
	if name == "" {
		return c, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if err := c.decode(name, text); err != nil {
		return nil, err
	}
	return c, c.check(name)
}

// decode reads text over c. Unknown keys are errors, each with its line.
func (c *config) decode(name string, text []byte) error {
	meta, err := toml.NewDecoder(bytes.NewReader(text)).Decode(c)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var errs []error
	for _, key := range meta.Undecoded() {
		errs = append(errs, fmt.Errorf("%s:%d: unknown key %q", name, lineOf(text, key), key.String()))
	}
	return errors.Join(errs...)
}

func (c *config) check(name string) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %w", name, fmt.Errorf(format, args...)))
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		bad("log.format: %q is neither text nor json", c.Log.Format)
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
	if _, err := c.Policy.scanner(); err != nil {
		bad("policy: %w", err)
	}
	return errors.Join(errs...)
}

// scanner is the policy in the scanner's terms.
func (p policy) scanner() (scanner.Policy, error) {
	out := scanner.Policy{
		VirusText: p.VirusText, BlockTypes: p.BlockTypes, BlockTypesInside: p.BlockTypesInside,
		BlockNames: p.BlockNames, BlockAnomalies: p.BlockAnomalies,
		Findings:  map[scanner.Class]scanner.Disposition{},
		Unchecked: map[scanner.Reason]scanner.Disposition{},
	}
	for name, d := range p.Findings {
		var class scanner.Class
		if err := class.UnmarshalText([]byte(name)); err != nil {
			return out, err
		}
		if d == scanner.Quarantine {
			return out, errQuarantine
		}
		out.Findings[class] = d
	}
	for name, d := range p.Unchecked {
		var reason scanner.Reason
		if err := reason.UnmarshalText([]byte(name)); err != nil {
			return out, err
		}
		if d == scanner.Quarantine {
			return out, errQuarantine
		}
		out.Unchecked[reason] = d
	}
	return out, nil
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

func (l logging) logger() *slog.Logger {
	opts := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}
