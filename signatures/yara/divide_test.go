//go:build cgo

package yara

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Gates of conditions as they are written, to see that little is lost.
func TestGates(t *testing.T) {
	const strs = "strings: $a = \"x\" $b1 = { 41 42 } $b2 = /c+/ "
	for _, test := range []struct{ condition, want string }{
		{"$a and pe.number_of_sections > 3", "$a and uint16(0) == 0x5A4D"},
		{"uint16(0) == 0x5A4D and pe.imphash() == \"x\"", "uint16(0) == 0x5A4D and uint16(0) == 0x5A4D"},
		{"not pe.is_pe", "true"},
		{"$a and not pe.is_pe", "$a"},
		{"$a and not (pe.is_pe or $b1)", "$a and not ((false or $b1))"},
		{"$a or pe.is_pe", "($a or uint16(0) == 0x5A4D)"},
		{"not not (pe.machine == 3 and $a)", "not not ($a)"},
		{"for any i in (0..pe.number_of_sections) : ( pe.sections[i].name == \"x\" ) and any of ($b*)", "uint16(0) == 0x5A4D and any of ($b*)"},
		{"for any of ($b*) : ( $ at pe.entry_point and # > 1 and filesize > 3 )", "uint16(0) == 0x5A4D and filesize > 3"},
		{"for all of ($b*) : ( $ at pe.entry_point )", "true"},
		{"for 0 of ($b*) : ( $ at pe.entry_point )", "true"},
		{"for any s in pe.sections : ( s.name == \"x\" or $a )", "uint16(0) == 0x5A4D"},
		{"for any k, v in pe.version_info : ( k == \"x\" )", "uint16(0) == 0x5A4D"},
		{"for any i in (1..3) : ( i == 2 and pe.machine == i )", "uint16(0) == 0x5A4D"},
		{"not for any i in (1..3) : ( pe.machine == i )", "true"},
		{"all of them and pe.is_pe == 0", "all of them"},
		{"filesize < 10 and pe.rich_signature.toolid(1)", "filesize < 10"},
		{"pe.machine == pe.MACHINE_I386", "uint16(0) == 0x5A4D"},
		{"uint16(4) == pe.MACHINE_I386", "true"},
		{"$a at pe.entry_point", "uint16(0) == 0x5A4D"},
		{"not ($a at pe.entry_point)", "true"},
		{"pe.signatures[0].valid_on(3)", "uint16(0) == 0x5A4D"},
		{"other and $a", "$a"},
		{"any of (oth*) and $a", "$a"},
		{"elf.type == 2", "uint32(0) == 0x464C457F"},
		{"pe.sections[0].name matches /a or b/", "uint16(0) == 0x5A4D"},
	} {
		r := split("rule r { " + strs + " condition: " + test.condition + " }")[0]
		lost := map[string]bool{"pe": true, "elf": true, "other": true}
		got := split(gateOf(&rule{statement: r}, "gate", lost))[0]
		_, toks := sections(got.text)
		last := toks[len(toks)-1]
		cond := got.text[toks[0].start : last.start+len(last.text)]
		if cond != test.want && cond != "("+test.want+")" {
			t.Errorf("%s: %s, want %s", test.condition, cond, test.want)
		}
		for _, name := range []string{"a", "b1", "b2"} {
			declared := strings.Contains(got.text, "$"+name+" =")
			used := strings.Contains(test.want, "$"+name) || strings.Contains(test.want, "them") || strings.Contains(test.want, "$b*") && name[0] == 'b'
			if declared != used {
				t.Errorf("%s: $%s declared %v, used %v", test.condition, name, declared, used)
			}
		}
	}
}

// samples are small objects of the formats that modules read, and of none.
func samples() map[string][]byte {
	pe := make([]byte, 1024)
	copy(pe, "MZ")
	binary.LittleEndian.PutUint32(pe[0x3C:], 0x80)
	copy(pe[0x80:], "PE\x00\x00\x4c\x01\x01\x00")
	binary.LittleEndian.PutUint16(pe[0x94:], 0xE0)
	binary.LittleEndian.PutUint16(pe[0x98:], 0x10B)
	copy(pe[0x178:], ".text\x00\x00\x00")
	copy(pe[0x200:], "alpha beta alpha")
	elf := make([]byte, 256)
	copy(elf, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(elf[16:], 2)
	copy(elf[128:], "alpha")
	macho := make([]byte, 256)
	copy(macho, "\xcf\xfa\xed\xfe\x07\x00\x00\x01")
	dex := make([]byte, 256)
	copy(dex, "dex\n035\x00")
	return map[string][]byte{
		"pe": pe, "elf": elf, "macho": macho, "dex": dex, "mz": []byte("MZ alpha"), "pe cut": pe[:0x90],
		"text": []byte("alpha beta\r\ngamma"), "other text": []byte("gamma gamma"), "empty": nil, "zeros": make([]byte, 512),
	}
}

// generator makes rules with and without modules that refer to each other.
type generator struct {
	*rand.Rand
	rules int
}

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *generator) expression(depth int) string {
	if depth == 0 {
		return g.comparison()
	}
	switch g.IntN(8) {
	case 0, 1:
		return g.expression(depth-1) + " and " + g.expression(depth-1)
	case 2, 3:
		return g.expression(depth-1) + " or " + g.expression(depth-1)
	case 4:
		return "not " + g.expression(depth-1)
	case 5:
		return "not (" + g.expression(depth-1) + ")"
	case 6:
		return "(" + g.expression(depth-1) + ")"
	}
	return g.comparison()
}

func (g *generator) comparison() string {
	if g.rules > 0 && g.IntN(5) == 0 {
		n := g.IntN(g.rules)
		return g.pick(fmt.Sprintf("r%d", n), fmt.Sprintf("any of (r%d*)", n), fmt.Sprintf("all of (r%d*)", n))
	}
	return g.pick(
		"$a", "$b", "#a > 1", "$a at 0", "any of them", "all of ($*)", "none of them", "for all of them : ( # > 1 )", "2 of ($a, $b, $c)",
		"filesize < 300", "uint16(0) == 0x5A4D", "uint8(100000) == 1", "uint8(100000) != 1", "defined uint8(100000)",
		"math.entropy(0, filesize) > 0.5", "filename == \"x\"", "true", "false", "for any i in (1..2) : ( @a[i] == 0 )",
		"pe.is_pe", "pe.is_pe == 0", "pe.is_pe == 1", "pe.number_of_sections > 0", "pe.number_of_sections != 7", "pe.machine == pe.MACHINE_I386",
		"pe.MACHINE_I386 == 0x14c", "defined pe.machine", "defined pe.MACHINE_I386", "$a at pe.entry_point", "$a in (0..pe.entry_point)",
		"#a in (0..pe.number_of_sections) == 0", "for any i in (0..pe.number_of_sections) : ( pe.sections[i].name == \".text\" or $a )",
		"for all s in pe.sections : ( s.raw_data_size == 0 )", "for any s in pe.sections : ( s.name matches /text/ )",
		"pe.imphash() != \"\"", "pe.exports(\"x\")", "pe.exports(\"x\") == 0", "pe.is_dll()", "pe.section_index(\".text\") == 0", "pe.section_index(\"no\") != 1",
		"pe.version_info[\"x\"] contains \"y\"", "pe.sections[pe.number_of_sections - 1].name == \".text\"", "uint16(pe.entry_point) == 0", "uint16(pe.entry_point) != 0",
		"for all of them : ( $ at pe.entry_point )", "for any of them : ( $ at pe.entry_point )", "for 2 of them : ( # > 0 and not pe.is_pe )",
		"for any i in (0..pe.number_of_signatures) : ( pe.signatures[i].version == 3 )", "for any k, v in pe.version_info : ( k != v )",
		"for any i in (0..2) : ( pe.machine != i and filesize > 20 )", "for 0 of them : ( pe.is_pe )", "for any of them : ( # > 0 and for any i in (0..1) : ( pe.machine == i or @ == i ) )", "for none i in (1..2) : ( pe.machine == i )", "pe.number_of_sections % 2 == 1", "pe.rich_signature.toolid(3) == 0",
		"elf.type == 2", "elf.type == elf.ET_EXEC", "elf.type != 2", "elf.number_of_sections == 0", "macho.magic != 0", "macho.cputype == macho.CPU_TYPE_X86",
		"dex.header.magic == dex.DEX_FILE_MAGIC_035", "dex.number_of_fields == 0", "dotnet.number_of_streams != 3", "not dotnet.number_of_streams == 3",
		"pe.machine + math.min(1, 2) > 1", "math.in_range(pe.machine, 0, 99999)", "math.entropy(pe.entry_point, 10) < 1.0", "not math.entropy(pe.entry_point, 10) < 1.0",
	)
}

// text returns the text of n rules in the namespace's file.
func (g *generator) text(n int) string {
	var b strings.Builder
	for _, m := range []string{"pe", "elf", "macho", "dex", "dotnet", "math"} {
		b.WriteString("import \"" + m + "\"\n")
	}
	for g.rules = 0; g.rules < n; g.rules++ {
		modifier := g.pick("", "", "", "", "", "", "", "private ", "private ", "global ", "global private ")
		fmt.Fprintf(&b, "%srule r%d {\n strings:\n  $a = \"alpha\" // a comment\n  $b = { 62 65 74 61 }\n  $c = /gam+a/ nocase\n  $ = \"not there\"\n"+
			" condition:\n  (%s) and (true or any of them)\n}\n", modifier, g.rules, g.expression(g.IntN(5)))
	}
	return b.String()
}

// What a division matches is what the rules match when compiled as they are.
func TestDivisionChangesNothing(t *testing.T) {
	sets := 120
	if testing.Short() {
		sets = 30
	}
	saved, opened, matched := 0, 0, 0
	for seed := range sets {
		g := &generator{Rand: rand.New(rand.NewPCG(uint64(seed), 1))}
		n, m, err := checkDivision(t, g.text(1+g.IntN(6)), g.text(1+g.IntN(3)))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		saved += len(samples()) - n
		opened += n
		matched += m
	}
	t.Logf("%d matches; of scans with modules %d were saved, %d were not", matched, saved, opened)
	if saved == 0 || opened == 0 || matched == 0 {
		t.Error("one side of the gates was never tested")
	}
}

// checkDivision compares the division of texts, each a namespace, with one plain
// compilation. It returns for how many samples the rules with modules were run,
// and how many rules matched.
func checkDivision(t *testing.T, texts ...string) (opened, matched int, err error) {
	t.Helper()
	cfg := Config{MaxMatches: 1000}
	for i, text := range texts {
		cfg.Sources = append(cfg.Sources, Source{Name: fmt.Sprint("source", i), Text: text})
	}
	cfg, err = cfg.withDefaults()
	if err != nil {
		return 0, 0, err
	}
	units, _, err := load(cfg)
	if err != nil {
		return 0, 0, err
	}
	s, units, _, err := compileAll(units)
	if err != nil {
		return 0, 0, err
	}
	defer s.destroy()
	whole, err := compile(units)
	if err != nil {
		return 0, 0, err
	}
	defer whole.Destroy()
	all := &local{cfg: cfg, all: &set{plain: whole}, places: placesOf(units), info: map[ruleKey]*info{}}
	all.learn()
	for name, data := range samples() {
		for _, filename := range []string{"x", "y"} {
			values := make([]string, len(externals))
			var list []*external
			for i := range externals {
				list = append(list, &externals[i])
			}
			values[slices.IndexFunc(externals, func(e external) bool { return e.name == "filename" })] = filename
			var got [2][]string
			for i, s := range []*set{s, all.all} {
				c := newCollector(all.info, 1000)
				if err := s.scan(context.Background(), time.Minute, data, list, values, c); err != nil {
					return 0, 0, err
				}
				for _, f := range c.result().findings {
					got[i] = append(got[i], fmt.Sprint(f.Namespace, ":", f.Signature, f.Matches))
				}
				if c.deep && filename == "x" {
					opened++
				}
			}
			matched += len(got[1])
			if diff := cmp.Diff(got[1], got[0]); diff != "" {
				return 0, 0, fmt.Errorf("%s: %s\n%s\n%s", name, diff, strings.Join(texts, "\n"), sources(divide(units).plain))
			}
		}
	}
	return opened, matched, nil
}

func sources(units []*unit) string {
	var b strings.Builder
	for _, u := range units {
		b.WriteString(u.source())
	}
	return b.String()
}

// A global rule that needs a module decides on all rules of its file.
func TestDivisionOfGlobalRules(t *testing.T) {
	for _, text := range []string{
		"import \"pe\"\nrule a { condition: filesize > 5 }\nglobal rule g { condition: pe.is_pe == 0 }\nrule b { condition: pe.is_pe }",
		"import \"pe\"\nglobal rule g { condition: filesize > 5 }\nrule a { condition: not pe.is_pe }\nrule b { condition: not a }",
		"import \"pe\"\nglobal private rule g { condition: filename == \"x\" }\nrule gate1 { condition: pe.is_pe }\nrule _g { condition: any of (gate*) }\nrule gat { condition: not gate1 }",
	} {
		if _, _, err := checkDivision(t, text); err != nil {
			t.Error(err)
		}
	}
}

// Rules whose gate does not compile keep their meaning.
func TestOpenGates(t *testing.T) {
	units, _, err := load(Config{Sources: []Source{{Text: "import \"pe\"\nrule a { strings: $a = \"x\" condition: $a and pe.is_pe == 0 }"}}})
	if err != nil {
		t.Fatal(err)
	}
	d := divide(units)
	d.plain[0].rules[0].text = "rule gate0 { condition: $nonesuch }"
	d.open()
	s, err := d.compile()
	if err != nil {
		t.Fatal(err)
	}
	defer s.destroy()
	c := newCollector(map[ruleKey]*info{{"rules", "a"}: {}}, 10)
	if err := s.scan(context.Background(), time.Minute, []byte("x"), nil, nil, c); err != nil || len(c.kept) != 1 {
		t.Errorf("%v, %v", c.kept, err)
	}
}
