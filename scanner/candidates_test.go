package scanner

import (
	"slices"
	"testing"
)

// A password that mail names comes out, and before the other words.
func TestCandidates(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"The archive password is: infected", "infected"},
		{"Password: Tr0ub4dor&3", "Tr0ub4dor&3"},
		{"password:1234", "1234"},
		{"Das Passwort lautet \"geheim!\".", "geheim!"},
		{"pw = a.b", "a.b"},
		{"use the pass phrase\ncorrect horse battery staple\nto open it", "correct horse battery staple"},
		{"Пароль: привет", "привет"},
		{"パスワード：1234", "1234"},
		{"密码是8888", "8888"},
		{"PIN 0815", "0815"},
		{"mot de passe : été", "été"},
	} {
		h := hints{texts: []hint{{source: "1", text: c.text}}}
		all := h.candidates(nil)
		i := slices.IndexFunc(all, func(n candidate) bool { return n.word == c.want })
		if i < 0 || i > 8 || all[i].source != "1" {
			t.Errorf("%q: %q is at %d of %v", c.text, c.want, i, all)
		}
	}
}

func TestCandidatesOfPagesNamesAndLists(t *testing.T) {
	h := hints{
		texts: []hint{
			{source: "subject", text: "your pin 99"},
			{source: "2", html: true, text: "<style>p{x}</style><p>Pass<b>word</b>:</p><td>s3<b>cr</b>et&amp;</td><script>no()</script>"},
		},
		names: []string{"a/invoice_pw4711.pdf.zip"},
	}
	all := h.candidates([]string{"infected"})
	for _, want := range []candidate{
		{"99", "subject", rankNamed}, {"s3cret&", "2", rankNamed}, {"4711", "name", rankNamed},
		{"infected", "list", rankListed}, {"invoice_pw4711", "name", rankMarked},
	} {
		if !slices.Contains(all, want) {
			t.Errorf("%v is not in %v", want, all)
		}
	}
	for _, n := range all {
		if n.word == "no" || n.word == "x" {
			t.Errorf("script or style is in %v", all)
		}
	}
}

func FuzzCandidates(f *testing.F) {
	f.Add("<p>password: \"a\"</p>", "pw1.zip")
	f.Fuzz(func(t *testing.T, text, name string) {
		h := hints{texts: []hint{{text: text}, {text: text, html: true}}, names: []string{name}}
		all := h.candidates([]string{"x"})
		if len(all) > maxCandidates || !slices.ContainsFunc(all, func(c candidate) bool { return c.word == "x" }) {
			t.Fatal(len(all))
		}
	})
}
