package level

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
)

// Encodings of names that are not UTF-8.
var (
	Latin1 = charmap.ISO8859_1
	CP437  = charmap.CodePage437
)

// MaxNames is how many names for the same bytes are kept.
const MaxNames = 64

// DecodeNames returns the readings of a raw name: as UTF-8 if it is that, else
// in the format's legacy encoding. A zip name that is not marked as UTF-8 has both.
func DecodeNames(raw []byte, legacy *charmap.Charmap) []string {
	var names []string
	ascii := true
	for _, b := range raw {
		ascii = ascii && b < utf8.RuneSelf
	}
	if utf8.Valid(raw) {
		names = append(names, string(raw))
	}
	if len(names) == 0 || !ascii && legacy == CP437 {
		if s, err := legacy.NewDecoder().Bytes(raw); err == nil {
			names = append(names, string(s))
		}
	}
	return names
}

// AddName adds one reading of a name, and the anomalies that it shows. Windows
// unpackers take a backslash as the border of folders.
func AddName(m *Member, name string, max int) {
	name = strings.ReplaceAll(name, `\`, "/")
	if len(name) > max {
		name = strings.ToValidUTF8(name[:max], "")
		Note(m, anomaly.NameCut)
	}
	if head, _, found := strings.Cut(name, "\x00"); found {
		Note(m, anomaly.NameNUL)
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
	if len(m.Names) == MaxNames {
		Note(m, anomaly.NamesMany)
		return
	}
	m.Names = append(m.Names, name)
}
