package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/fivefifty/fivefifty/scanner"
)

// document is the JSON form of a result: the report's, with what only this
// program knows in front. Keys are added within a schema, never renamed.
type document struct {
	Schema  int    `json:"schema"`
	File    string `json:"file"`
	Message int    `json:"message,omitempty"` // number in a mailbox, from 1
	Reading string `json:"reading,omitempty"` // how the file was read, of several ways
	Error   string `json:"error,omitempty"`   // the file could not be read, or not to its end; without a report, the rest is missing
	*scanner.Report
}

// appendJSON appends the result's document and a newline.
func appendJSON(b []byte, r *result) ([]byte, error) {
	d := document{Schema: scanner.Schema, File: r.file, Message: r.message, Reading: r.reading, Report: r.report}
	if r.err != nil {
		d.Error = r.err.Error()
	}
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return b, fmt.Errorf("%s: %w", r.file, err)
	}
	return escapeJSON(b, raw.Bytes()), nil
}

// escapeJSON appends a JSON text with every character escaped that a terminal
// could take for a command or that turns the direction of text. Such characters
// stand only within strings: the text stays the same to whoever parses it.
func escapeJSON(b, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\n' || !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			b = append(b, text[:n]...)
		case r > 0xFFFF:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
		text = text[n:]
	}
	return b
}
