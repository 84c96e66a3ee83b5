package settings

import (
	"strings"
	"testing"
)

func TestUnknownKeysAreNamedWithTheirLine(t *testing.T) {
	type into struct {
		Good   string
		Nets   []string
		Limits struct{ Idle int }
		Open   map[string]string
	}
	for text, want := range map[string]string{
		"good = \"x\"\nbad = 1\n":                                `f:2: unknown key "bad"`,
		"\"bad\" = 1\n":                                          `f:1: unknown key "bad"`,
		"# bad = 1\n\nbad=1 # bad\n":                             `f:3: unknown key "bad"`,
		"[limits]\nidle = 1\nidel = 1\n":                         `f:3: unknown key "limits.idel"`,
		"limits.idel = 1\n":                                      `f:1: unknown key "limits.idel"`,
		"limits . \"idel\" = 1\n":                                `f:1: unknown key "limits.idel"`,
		"limits = { idle = 1,\n idel = 1 }\n":                    `f:1: unknown key "limits.idel"`,
		"limits = { idle = 1, idel = 1 }\n":                      `f:1: unknown key "limits.idel"`,
		"[ limits ]\n[limmits]\nx = 1\n":                         `f:2: unknown key "limmits"`,
		"[[bads]]\nx = 1\n":                                      `f:1: unknown key "bads"`,
		"nets = [\n \"a\", # bad = 1\n \"bad = 1\",\n]\nbad = 1": `f:5: unknown key "bad"`,
	} {
		err := Decode("f", []byte(text), new(into))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if err := Decode("f", []byte("good = \"x\"\n[open]\nbad = \"y\"\n"), new(into)); err != nil {
		t.Error(err)
	}
	if err := Decode("f", []byte("bad = 1\nworse = 2\n"), new(into)); err == nil || strings.Count(err.Error(), "unknown key") != 2 {
		t.Errorf("not both: %v", err)
	}
}
