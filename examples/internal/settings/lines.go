package settings

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// lineOf finds the line, from 1, on which key stands in text. The decoder knows
// it, but does not tell it for keys that are unknown to us. 0 means that the
// key is written in a way that this does not follow (inline tables).
func lineOf(text []byte, key toml.Key) int {
	table := ""
	want := strings.Join(key, ".")
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			table = strings.Trim(line[:strings.LastIndexByte(line, ']')+1], "[] ")
			if table == want {
				return i + 1
			}
			continue
		}
		name, _, found := strings.Cut(line, "=")
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		name = strings.Trim(strings.TrimSpace(name), `"'`)
		if table != "" {
			name = table + "." + name
		}
		if name == want {
			return i + 1
		}
	}
	return 0
}
