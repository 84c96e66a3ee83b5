package main

import (
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/settings"
	"github.com/fivefifty/fivefifty/scanner"
)

//go:embed default.toml
var defaultConfig []byte

// config is the configuration file; default.toml says what each key means.
type config struct {
	settings.Sockets
	Version          string
	AllowShutdown    bool `toml:"allow_shutdown"`
	ClamavLimitNames bool `toml:"clamav_limit_names"`
	Limits           limits
	settings.Base
}

type limits struct {
	Connections  int
	Command      time.Duration
	Stream       time.Duration
	StreamTotal  time.Duration `toml:"stream_total"`
	Grace        time.Duration
	MessageBytes int64 `toml:"message_bytes"`
	Scan         time.Duration
}

func readConfig(file string) (*config, error) {
	c := new(config)
	c.CanHold() // what is to be held is OK here: the client decides
	return c, settings.File(file, defaultConfig, c)
}

// Check returns what is wrong with the configuration.
func (c *config) Check() error {
	errs := []error{c.Sockets.Check(), c.Base.Check()}
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	l := c.Limits
	if l.Connections <= 0 || l.Command <= 0 || l.Stream <= 0 || l.StreamTotal <= 0 || l.Grace <= 0 || l.MessageBytes <= 0 || l.Scan <= 0 {
		bad("limits: each must be above zero, there is no \"unlimited\"")
	}
	return errors.Join(errs...)
}

func (c *config) Shared() *settings.Base { return &c.Base }
func (c *config) Grace() time.Duration   { return c.Limits.Grace }

func (c *config) ScannerLimits() scanner.Limits {
	return scanner.Limits{MessageBytes: c.Limits.MessageBytes, Time: c.Limits.Scan}
}
