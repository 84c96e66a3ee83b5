package yara

import (
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

func TestClassify(t *testing.T) {
	cfg, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	strict, err := Config{Malicious: 30, DefaultScore: 20}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		cfg   Config
		tags  []string
		metas []Meta
		class scanner.Class
		score int
	}{
		{"no score", cfg, nil, nil, scanner.ClassMalicious, 70},
		{"at malicious", cfg, nil, []Meta{{"score", "70"}}, scanner.ClassMalicious, 70},
		{"below malicious", cfg, nil, []Meta{{"score", "69"}}, scanner.ClassSuspicious, 69},
		{"at suspicious", cfg, nil, []Meta{{"score", "40"}}, scanner.ClassSuspicious, 40},
		{"below suspicious", cfg, nil, []Meta{{"score", "39"}}, scanner.ClassNotice, 39},
		{"numeric string", cfg, nil, []Meta{{"score", " 75 "}}, scanner.ClassMalicious, 75},
		{"no number", cfg, nil, []Meta{{"score", "high"}}, scanner.ClassMalicious, 70},
		{"upper case", cfg, nil, []Meta{{"Score", "10"}}, scanner.ClassNotice, 10},
		{"above 100", cfg, nil, []Meta{{"score", "1000"}}, scanner.ClassMalicious, 100},
		{"negative", cfg, nil, []Meta{{"score", "-5"}}, scanner.ClassNotice, 0},
		{"own thresholds", strict, nil, []Meta{{"score", "30"}}, scanner.ClassMalicious, 30},
		{"own default", strict, nil, nil, scanner.ClassNotice, 20},
		{"tag", cfg, []string{"x", "PUA"}, nil, scanner.ClassUnwanted, 70},
		{"category", cfg, nil, []Meta{{"category", "Windows/AdWare"}, {"score", "90"}}, scanner.ClassUnwanted, 90},
		{"a word of a description", cfg, nil, []Meta{{"description", "not adware"}}, scanner.ClassMalicious, 70},
		{"class", cfg, []string{"pua"}, []Meta{{"class", "malicious"}}, scanner.ClassMalicious, 70},
		{"class unknown", cfg, nil, []Meta{{"class", "1"}}, scanner.ClassMalicious, 70},
		{"class notice", cfg, nil, []Meta{{"score", "100"}, {"class", "Notice"}}, scanner.ClassNotice, 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			class, score, _ := test.cfg.classify(test.tags, test.metas)
			if class != test.class || score != test.score {
				t.Errorf("%v %d, want %v %d", class, score, test.class, test.score)
			}
		})
	}
}

func TestForFiles(t *testing.T) {
	for _, test := range []struct {
		meta Meta
		want bool
	}{
		{Meta{"limit", "Logscan"}, false},
		{Meta{"limit", "Filescan"}, true},
		{Meta{"type", "memory"}, false},
		{Meta{"type", "file"}, true},
		{Meta{"description", "memory"}, true},
	} {
		if got := notForFiles([]Meta{test.meta}) == ""; got != test.want {
			t.Errorf("%v: %v", test.meta, got)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for name, cfg := range map[string]Config{
		"negative score":   {DefaultScore: -1},
		"score above 100":  {Malicious: 101},
		"suspicious above": {Malicious: 50, Suspicious: 60},
		"negative matches": {MaxMatches: -1},
		"negative time":    {Timeout: -1},
	} {
		if _, err := cfg.withDefaults(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
