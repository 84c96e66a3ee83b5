package settings

import (
	"fmt"
	"log/slog"
	"os"
)

// Log is the section [log].
type Log struct {
	Format string // "text" or "json"
	Level  slog.Level
}

// Check returns what is wrong with the section.
func (l Log) Check() error {
	if l.Format != "text" && l.Format != "json" {
		return fmt.Errorf("log.format: %q is neither text nor json", l.Format)
	}
	return nil
}

// Logger writes to standard error.
func (l Log) Logger() *slog.Logger {
	opts := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}
