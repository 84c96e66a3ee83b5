package scanner

import (
	"errors"

	"github.com/fivefifty/fivefifty/archive"
)

// locked is a container in which something needs a password. Its bytes are kept
// to the end of the message, when all is known that the message says of
// passwords; then it is opened once more.
type locked struct {
	item    *item
	format  archive.Format
	members map[string][]*item // without a body yet, by key, in order
	whole   bool               // not even its members could be listed
}

// lock notes that member needs a password; nil means the container itself.
func (c *container) lock(member *item) {
	sc := c.scan
	if c.again != nil {
		return
	}
	if c.locked == nil {
		c.locked = &locked{item: c.item, format: c.format, members: map[string][]*item{}}
		c.item.ref()
		sc.locked = append(sc.locked, c.locked)
	}
	if member == nil {
		c.locked.whole = true
		return
	}
	key := member.obj.Name()
	c.locked.members[key] = append(c.locked.members[key], member)
}

// take returns the member that the first opening had to leave closed.
func (l *locked) take(name string) *item {
	list := l.members[name]
	if len(list) == 0 {
		return nil
	}
	l.members[name] = list[1:]
	return list[0]
}

// examineLocked opens what needs a password with all that the message may have
// named as one. What comes out may be locked in turn.
func (sc *scan) examineLocked() {
	for len(sc.locked) > 0 {
		l := sc.locked[0]
		sc.locked = sc.locked[1:]
		if sc.stopped() != nil {
			l.item.unref() // it is reported as encrypted, and the message as stopped
			continue
		}
		c := sc.newContainer(l.item, l.format)
		l.item.unref()
		c.again = l
		sc.run([]frame{c})
	}
}

// keys are what a container is opened with: the first time only the passwords
// that are always tried, so that honest mail costs nothing.
func (sc *scan) keys(all bool) *archive.Keys {
	k := &sc.tries
	if !all {
		k.Passwords = sc.passwords
		return k
	}
	if n := len(sc.hints.texts) + len(sc.hints.names); sc.candidates == nil || n > sc.hintsRead {
		sc.hintsRead = n
		sc.candidates = sc.hints.candidates(sc.passwords)
		sc.words = make([]string, len(sc.candidates))
		for i, c := range sc.candidates {
			sc.words[i] = c.word
		}
	}
	k.Passwords = sc.words
	return k
}

// sourceOf says where a password was found.
func (sc *scan) sourceOf(password string) string {
	for _, c := range sc.candidates {
		if c.word == password {
			return c.source
		}
	}
	for _, p := range sc.passwords {
		if p == password {
			return "list"
		}
	}
	return "default" // one that the format's programs try by themselves
}

// unlocked records that a password opened it.
func (it *item) unlocked(source string) {
	it.obj.PasswordFrom = source
	kept := it.obj.Unchecked[:0]
	for _, u := range it.obj.Unchecked {
		if u.Reason != ReasonEncrypted {
			kept = append(kept, u)
		}
	}
	it.obj.Unchecked = kept
	if len(kept) == 0 {
		it.obj.Unchecked = nil
	}
}

func isEncrypted(err error) bool { return errors.Is(err, archive.ErrEncrypted) }
