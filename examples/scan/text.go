package main

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxText is how many bytes of a text from mail are shown on one line.
const maxText = 300

// safe makes a text from mail or from a file system fit for a terminal: a text
// with anything but printable characters (controls and escapes, marks that turn
// the direction, invisible ones, bytes that are no UTF-8) is quoted with those
// escaped. Names in scripts that run from right to left stay as they are.
func safe(s string) string {
	cut := len(s) > maxText
	if cut {
		n := maxText
		for n > maxText-utf8.UTFMax && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	if !plain(s) {
		s = strconv.Quote(s)
	}
	if cut {
		s += "…"
	}
	return s
}

// plain says whether s can stand on a terminal without quotes.
func plain(s string) bool {
	if s == "" || strings.TrimSpace(s) != s || s[0] == '"' {
		return false
	}
	for i, r := range s {
		if !strconv.IsPrint(r) {
			return false
		}
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false
			}
		}
	}
	return true
}
