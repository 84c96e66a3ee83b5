package scanner

import (
	"bytes"
	"cmp"
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is kept to find passwords in.
const (
	maxTexts      = 64       // texts and subjects
	maxHintBytes  = 16 << 10 // of each
	maxHintNames  = 256      // names of files
	maxCandidates = 4096
)

// hint is something that the sender wrote and a password may stand in.
type hint struct {
	source string // for the report: "subject", "name", or an object's path
	text   string
	html   bool
}

// hints gathers what may hold passwords while a message arrives. Nothing is read
// into it before something encrypted needs it.
type hints struct {
	texts []hint
	names []string
}

// addSubject keeps a message's subject.
func (h *hints) addSubject(subject string) {
	if len(h.texts) < maxTexts && subject != "" {
		h.texts = append(h.texts, hint{source: "subject", text: subject})
	}
}

// addObject keeps an object's names, and the head of its text: there messages
// name the password.
func (h *hints) addObject(it *item) {
	for _, n := range it.obj.Names {
		if len(h.names) < maxHintNames {
			h.names = append(h.names, n)
		}
	}
	switch it.obj.Type {
	case "text", "html", "rtf", "eml":
	default:
		return
	}
	if len(h.texts) >= maxTexts {
		return
	}
	b, err := it.obj.body.Bytes()
	if err != nil {
		return
	}
	h.texts = append(h.texts, hint{source: it.obj.Path, text: string(b[:min(len(b), maxHintBytes)]), html: it.obj.Type == "html"})
}

// candidate is a password to try.
type candidate struct {
	word   string
	source string
	rank   rank
}

// rank says how likely a candidate is; the likeliest are tried first.
type rank uint8

const (
	rankNamed  rank = iota // it stands behind a word for "password"
	rankListed             // from Config.Passwords
	rankMarked             // in quotes, alone on its line, or with digits in it
	rankWord               // any other word
)

// candidates reads the hints: the likeliest passwords first, each once.
func (h *hints) candidates(listed []string) []candidate {
	c := &collector{seen: map[string]int{}}
	for _, w := range listed {
		c.add(candidate{w, "list", rankListed})
	}
	for _, t := range h.texts {
		c.read(t)
	}
	for _, n := range h.names {
		c.readName(n)
	}
	slices.SortStableFunc(c.all, func(a, b candidate) int { return cmp.Compare(a.rank, b.rank) })
	return c.all
}

type collector struct {
	all  []candidate
	seen map[string]int // index in all
}

func (c *collector) add(n candidate) {
	if n.word == "" || len(n.word) > 128 {
		return
	}
	if i, ok := c.seen[n.word]; ok {
		if n.rank < c.all[i].rank {
			c.all[i].rank, c.all[i].source = n.rank, n.source
		}
		return
	}
	if len(c.all) < maxCandidates {
		c.seen[n.word] = len(c.all)
		c.all = append(c.all, n)
	}
}

func (c *collector) read(h hint) {
	text := h.text
	if !utf8.ValidString(text) {
		text = fromLatin1(text)
	}
	if h.html {
		text = textOf(text)
	}
	named := 0 // words for which a word for "password" still counts
	for line := range strings.SplitSeq(text, "\n") {
		words := strings.Fields(line)
		if len(words) > 0 {
			c.add(candidate{strings.Join(words, " "), h.source, lineRank(words, named)})
		}
		for _, w := range words {
			key, value := splitNamed(w)
			switch {
			case value != "":
				c.addWord(value, h.source, rankNamed)
			case key:
				named = 6
				continue
			}
			r := rankWord
			if named > 0 {
				r, named = rankNamed, named-1
			}
			c.addWord(w, h.source, r)
		}
	}
}

// readName takes a file's name, without its extensions, and the words in it:
// "invoice_pw1234.zip".
func (c *collector) readName(name string) {
	base := baseName(name)
	c.add(candidate{base, "name", rankWord})
	for i := strings.LastIndexByte(base, '.'); i > 0; i = strings.LastIndexByte(base, '.') {
		base = base[:i]
		c.add(candidate{base, "name", rankMarked})
	}
	named := false
	for _, w := range strings.FieldsFunc(base, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		key, value := splitNamed(w)
		switch {
		case key:
			named = true
			continue
		case named:
			c.add(candidate{w, "name", rankNamed})
		}
		c.addWord(w, "name", rankMarked)
		c.add(candidate{value, "name", rankNamed})
		named = false
	}
}

// lineRank ranks a whole line: a pass phrase has blanks.
func lineRank(words []string, named int) rank {
	switch {
	case named > 0 && len(words) < 8:
		return rankNamed
	case len(words) == 1:
		return rankMarked
	}
	return rankWord
}

// addWord adds a word as it stands and without the punctuation around it.
func (c *collector) addWord(w, source string, r rank) {
	bare := strings.TrimFunc(w, func(r rune) bool { return unicode.IsPunct(r) || r == '<' || r == '>' || r == '`' || r == '=' })
	if r == rankWord && (strings.ContainsAny(w, "\"'“”„«»`<[") || strings.ContainsFunc(bare, unicode.IsDigit)) {
		r = rankMarked
	}
	if bare != "" {
		c.add(candidate{bare, source, r})
	}
	if w != bare {
		// A sentence's full stop is seldom meant, an exclamation mark may be.
		c.add(candidate{strings.TrimRight(w, ".,;:"), source, r})
		c.add(candidate{strings.Trim(w, "\"'“”„«»`<>()[].,;:"), source, r})
		c.add(candidate{w, source, r})
	}
}

// passwordWords are words for "password" as mail uses them, in lower case.
var passwordWords = []string{
	"password", "passwort", "passwd", "passcode", "pass", "pwd", "pw", "pin", "code", "key", "kennwort", "contraseña", "contrasena", "clave",
	"passe", "motdepasse", "senha", "wachtwoord", "hasło", "haslo", "heslo", "jelszó", "lösenord", "losenord", "salasana", "parola", "şifre", "sifre",
	"пароль", "пароля", "паролем", "κωδικός", "סיסמה", "密码", "密碼", "口令", "パスワード", "비밀번호", "암호",
}

// splitNamed tells whether a word is one for "password", alone or with the
// password behind it: "pw:1234", "パスワード：1234".
func splitNamed(w string) (key bool, value string) {
	lower := strings.ToLower(w)
	if len(lower) != len(w) {
		return false, ""
	}
	for _, p := range passwordWords {
		_, rest, found := strings.Cut(lower, p)
		if !found {
			continue
		}
		rest = w[len(w)-len(rest):]
		value := strings.TrimLeft(rest, ":=-：＝>)]*_\"'是は")
		switch {
		case value == "":
			return true, ""
		case len(value) < len(rest) || p[0] >= utf8.RuneSelf || value[0] >= '0' && value[0] <= '9':
			return false, value
		}
	}
	return false, ""
}

func fromLatin1(s string) string {
	b := make([]rune, len(s))
	for i := range len(s) {
		b[i] = rune(s[i])
	}
	return string(b)
}

// inlineTags may stand within a word; every other tag parts words.
var inlineTags = set("a", "b", "i", "u", "em", "strong", "span", "font", "code", "tt", "small", "big", "wbr", "mark", "s", "o:p")

// textOf is roughly what a page shows: without tags, scripts and styles.
func textOf(page string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(page, '<')
		if at < 0 {
			b.WriteString(page)
			break
		}
		b.WriteString(page[:at])
		end := strings.IndexByte(page[at:], '>')
		if end < 0 {
			break
		}
		name := strings.ToLower(strings.TrimLeft(page[at+1:at+end], "/"))
		if i := strings.IndexAny(name, " \t\r\n/"); i >= 0 {
			name = name[:i]
		}
		page = page[at+end+1:]
		if name == "script" || name == "style" {
			if i := bytes.Index([]byte(strings.ToLower(page)), []byte("</"+name)); i >= 0 {
				page = page[i:]
			}
		}
		if !inlineTags[name] {
			b.WriteByte('\n')
		}
	}
	return html.UnescapeString(b.String())
}
