package html

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// screnc encodes a script as Microsoft's Script Encoder does.
func screnc(text string) string {
	var b strings.Builder
	sum, index := uint32(0), 0
	for i := range len(text) {
		c := text[i]
		sum += uint32(c)
		escaped := false
		for code, for_ := range scriptEscapes {
			if for_ == c {
				b.WriteString("@" + string(code))
				escaped = true
			}
		}
		if !escaped {
			alphabet := scriptAlphabets[scriptOrder[index%len(scriptOrder)]-'0']
			if k := strings.IndexByte(alphabet, c); k == 0 {
				c = '\t'
			} else if k > 0 {
				c = byte(' ' + k - 1)
			}
			b.WriteByte(c)
		}
		if c < 0x80 {
			index++
		}
	}
	number := func(n uint32) string {
		return base64.StdEncoding.EncodeToString(binary.LittleEndian.AppendUint32(nil, n))
	}
	return "#@~^" + number(uint32(b.Len())) + b.String() + number(sum) + "^#~@"
}

// Scripts that others have encoded.
var encodedScripts = map[string]string{
	"#@~^DgAAAA==\\ko$K6,JC\x7fV^GJqAQAAA==^#~@":                                `MsgBox "Hello"`,
	"#@~^GQAAAA==\\ko$K6,JC\x7fV^GPSW.V9J~@#@&JwcAAA==^#~@":                     "MsgBox \"Hello world\" \r\n",
	"<%#@~^JgAAAA==@#@&IdcZ^W/\x7f`*@#@&U+OP\"/~x,1WD4k\to@#@&5AgAAA==^#~@%>\n": "\r\nRs.Close()\r\nSet Rs = Nothing\r\n",
}

func TestScripts(t *testing.T) {
	for text, want := range encodedScripts {
		all, _, err := archivetest.ReadAll(t, Format, []byte(text))
		if err != nil || len(all) != 1 || all[0].Data != want {
			t.Errorf("%q: %v %s", text, err, archivetest.Listing(all))
		}
		if archive := screnc(want); !strings.Contains(text, archive) {
			t.Errorf("%q is not as we encode it: %q", text, archive)
		}
	}
}

func TestEncodedScripts(t *testing.T) {
	payload := "WScript.Echo \"<a@b>\t\xe9" + archivetest.Payload + "\"\r\n"
	enc := screnc(payload)
	for name, text := range map[string]string{
		"file":      enc,
		"page":      "<html><script language=\"VBScript.Encode\">" + enc + "</script>",
		"late":      "<html>" + strings.Repeat("<p>text</p>", 150_000) + "<script>" + enc + "</script>",
		"late-text": strings.Repeat("' a comment\r\n", 100_000) + enc,
		"length":    "#@~^////" + enc[8:],
		"no-length": "#@~^" + enc[12:],
		"no-end":    enc[:len(enc)-4],
		"cut":       enc[:len(enc)-12],
		"two":       "#@~^DgAAAA==" + enc,
		"decoy":     "#@~^DgAAAA==^#~@" + enc,
	} {
		all, _, err := archivetest.ReadAll(t, Format, []byte(text))
		found := false
		for _, g := range all {
			found = found || strings.HasPrefix(g.Data, payload[:len(payload)-2]) && g.Fault == nil
		}
		if err != nil || !found || !detected([]byte(text)) {
			t.Errorf("%s: %v %s", name, err, archivetest.Listing(all))
		}
	}
}

// Many marks cost no more than one.
func TestEncodedScriptFlood(t *testing.T) {
	all, _, err := archivetest.ReadAll(t, Format, []byte(strings.Repeat("#@~^", 2000)+screnc("x")))
	if err != nil || len(all) != 2001 || all[2000].Data != "x" {
		t.Errorf("%d members, %v", len(all), err)
	}
}
