package main

import (
	"bufio"
	"io"
	"os"
	"strings"
)

// screen is where output goes: results to standard output, progress to the
// terminal that standard error is, if it is one.
type screen struct {
	out      *bufio.Writer
	raw      io.Writer
	terminal bool // standard output is a terminal
	colour   bool
	unicode  bool // the terminal draws more than ASCII
	progress *progress
}

func newScreen(stdout, stderr io.Writer, env func(string) string) *screen {
	s := &screen{
		out:      bufio.NewWriterSize(stdout, 64<<10),
		raw:      stdout,
		terminal: isTerminal(stdout),
		unicode:  isUTF8(env),
	}
	s.colour = colourful(s.terminal, env)
	if isTerminal(stderr) && env("TERM") != "dumb" {
		s.progress = newProgress(stderr)
	}
	return s
}

// colourful says whether output is coloured: on terminals that can, unless the
// user will have none (no-color.org).
func colourful(terminal bool, env func(string) string) bool {
	return terminal && env("NO_COLOR") == "" && env("TERM") != "dumb"
}

// close ends the progress line. It may be called again.
func (s *screen) close() {
	s.progress.end()
}

// flush writes what was printed.
func (s *screen) flush() error {
	if s.terminal {
		s.progress.clear()
	}
	return s.out.Flush()
}

// isTerminal says whether w is a character device that is not the null device.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// isUTF8 says whether the locale is UTF-8 (POSIX: the first of these variables
// that is set counts). Systems without locales in the environment are.
func isUTF8(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(env(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}
