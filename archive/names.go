package archive

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Encodings of names that are not UTF-8.
var (
	latin1 = charmap.ISO8859_1
	cp437  = charmap.CodePage437
)

// maxNames is how many names for the same bytes are kept.
const maxNames = 64

// decodeNames returns the readings of a raw name: as UTF-8 if it is that, else
// in the format's legacy encoding. A zip name that is not marked as UTF-8 has both.
func decodeNames(raw []byte, legacy *charmap.Charmap) []string {
	var names []string
	ascii := true
	for _, b := range raw {
		ascii = ascii && b < utf8.RuneSelf
	}
	if utf8.Valid(raw) {
		names = append(names, string(raw))
	}
	if len(names) == 0 || !ascii && legacy == cp437 {
		if s, err := legacy.NewDecoder().Bytes(raw); err == nil {
			names = append(names, string(s))
		}
	}
	return names
}

// addName adds one reading of a name, and the anomalies that it shows. Windows
// unpackers take a backslash as the border of folders.
func (m *Member) addName(name string, max int) {
	name = strings.ReplaceAll(name, `\`, "/")
	if len(name) > max {
		name = strings.ToValidUTF8(name[:max], "")
		m.note(AnomalyNameCut)
	}
	if head, _, found := strings.Cut(name, "\x00"); found {
		m.note(AnomalyNameNUL)
		m.addOnce(head)
	}
	m.addOnce(name)
}

func (m *Member) addOnce(name string) {
	for _, have := range m.Names {
		if have == name {
			return
		}
	}
	if len(m.Names) == maxNames {
		m.note(AnomalyNamesMany)
		return
	}
	m.Names = append(m.Names, name)
}
