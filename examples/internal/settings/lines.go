package settings

import (
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// lineOf finds the line, from 1, on which key stands in text. The decoder knows
// it, but does not tell it for keys that are unknown to us. A key within an inline
// table is on the line where that begins. 0 means that the key is written in a way
// that this does not follow.
func lineOf(text []byte, key toml.Key) int {
	var table []string
	around := 0
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			table, _ = splitKey(strings.TrimLeft(line, "["))
			if slices.Equal(table, key) {
				return i + 1
			}
			continue
		}
		parts, rest := splitKey(line)
		if !strings.HasPrefix(rest, "=") {
			continue
		}
		path := slices.Concat(table, parts)
		switch {
		case slices.Equal(path, key):
			return i + 1
		case len(path) < len(key) && slices.Equal(path, key[:len(path)]):
			around = i + 1
		}
	}
	return around
}

// splitKey takes a dotted key off the begin of a line, and returns its parts and
// what follows it.
func splitKey(line string) (parts []string, rest string) {
	for {
		line = strings.TrimLeft(line, " \t")
		var part string
		if line != "" && (line[0] == '"' || line[0] == '\'') {
			end := strings.IndexByte(line[1:], line[0])
			if end < 0 {
				return nil, ""
			}
			part, line = line[1:1+end], line[end+2:]
		} else {
			end := strings.IndexAny(line, " \t.=]#")
			if end < 0 {
				end = len(line)
			}
			part, line = line[:end], line[end:]
		}
		parts = append(parts, part)
		line = strings.TrimLeft(line, " \t")
		if !strings.HasPrefix(line, ".") {
			return parts, line
		}
		line = line[1:]
	}
}
