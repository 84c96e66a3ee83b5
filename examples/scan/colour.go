package main

import "github.com/fivefifty/fivefifty/scanner"

// Parameters of SGR (ECMA-48 section 8.3.117).
const (
	bold    = "1"
	dim     = "2"
	red     = "31"
	boldRed = "1;31"
	green   = "32"
	yellow  = "33"
	cyan    = "36"
)

// paint colours a text that is safe already.
func (s treeStyle) paint(colour, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func findingColour(c scanner.Class) string {
	switch c {
	case scanner.ClassMalicious, scanner.ClassUnknown:
		return boldRed
	case scanner.ClassBlocked:
		return red
	case scanner.ClassSuspicious, scanner.ClassUnwanted:
		return yellow
	}
	return cyan
}
