package main

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/settings"
	"github.com/fivefifty/fivefifty/scanner"
)

//go:embed default.toml
var defaultConfig []byte

// config is the configuration file; default.toml says what each key means.
type config struct {
	settings.Sockets
	Header    string
	Direction string
	Limits    limits
	settings.Base
}

type limits struct {
	Connections  int
	Idle         time.Duration
	Progress     time.Duration
	Grace        time.Duration
	MessageBytes int64 `toml:"message_bytes"`
	Scan         time.Duration
}

func readConfig(file string) (*config, error) {
	c := new(config)
	c.CanHold() // the MTA holds
	return c, settings.File(file, defaultConfig, c)
}

// Check returns what is wrong with the configuration.
func (c *config) Check() error {
	errs := []error{c.Sockets.Check(), c.Base.Check(), settings.CheckDirection(c.Direction)}
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if strings.ContainsFunc(c.Header, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) {
		bad("header: %q is no name of a field", c.Header)
	}
	l := c.Limits
	if l.Connections <= 0 || l.Idle <= 0 || l.Progress <= 0 || l.Grace <= 0 || l.MessageBytes <= 0 || l.Scan <= 0 {
		bad("limits: each must be above zero, there is no \"unlimited\"")
	}
	return errors.Join(errs...)
}

func (c *config) Shared() *settings.Base { return &c.Base }
func (c *config) Grace() time.Duration   { return c.Limits.Grace }

func (c *config) ScannerLimits() scanner.Limits {
	return scanner.Limits{MessageBytes: c.Limits.MessageBytes, Time: c.Limits.Scan}
}
