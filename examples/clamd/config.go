package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/settings"
	"github.com/fivefifty/fivefifty/scanner"
)

//go:embed default.toml
var defaultConfig []byte

// config is the configuration file; default.toml says what each key means.
type config struct {
	Listen           []string
	SocketMode       string `toml:"socket_mode"`
	Version          string
	AllowShutdown    bool `toml:"allow_shutdown"`
	ClamavLimitNames bool `toml:"clamav_limit_names"`
	Limits           limits
	Rules            settings.Rules
	Policy           settings.Policy
	Log              settings.Log
}

type limits struct {
	Connections  int
	Command      time.Duration
	Stream       time.Duration
	Grace        time.Duration
	MessageBytes int64 `toml:"message_bytes"`
	Scan         time.Duration
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
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func (c *config) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if err := c.Log.Check(); err != nil {
		errs = append(errs, err)
	}
	if len(c.Listen) == 0 {
		bad("listen: no address")
	}
	if _, err := c.socketMode(); err != nil {
		bad("socket_mode: %q is no file mode", c.SocketMode)
	}
	l := c.Limits
	if l.Connections <= 0 || l.Command <= 0 || l.Stream <= 0 || l.Grace <= 0 || l.MessageBytes <= 0 || l.Scan <= 0 {
		bad("limits: each must be above zero, there is no \"unlimited\"")
	}
	if _, err := c.Policy.Scanner(true); err != nil {
		bad("policy: %w", err)
	}
	return errors.Join(errs...)
}

func (c *config) socketMode() (fs.FileMode, error) {
	n, err := strconv.ParseUint(c.SocketMode, 8, 9)
	return fs.FileMode(n), err
}

func (c *config) scannerLimits() scanner.Limits {
	return scanner.Limits{MessageBytes: c.Limits.MessageBytes, Time: c.Limits.Scan}
}
