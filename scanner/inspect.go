package scanner

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/fivefifty/fivefifty/internal/filetype"
	"github.com/fivefifty/fivefifty/mime"
)

// headBytes is how much of an object type detection gets to begin with.
const headBytes = 8 << 10

// source shows an Object to filetype, whose Source wants Size as a method.
type source struct{ *Object }

func (s source) Size() int64 { return s.Object.Size }

// detect finds the true type.
func (sc *scan) detect(it *item) {
	it.obj.Type = "data"
	it.guard("filetype", func() {
		b, err := it.obj.body.Bytes()
		if err != nil {
			it.fail(ReasonEngine, "spool", err)
			return
		}
		it.typ = filetype.Detect(b[:min(len(b), headBytes)], source{it.obj})
		it.obj.Type, it.obj.MediaType = it.typ.Name, it.typ.MediaType
	})
}

// ask lets every engine look at the item.
func (sc *scan) ask(it *item) {
	for _, e := range sc.engines {
		sc.askWith(it, e, func(ctx context.Context) ([]Finding, error) { return sc.look(ctx, e, it) })
	}
	it.obj.allow()
}

// askWith records what look, which asks e, finds.
func (sc *scan) askWith(it *item, e Engine, look func(context.Context) ([]Finding, error)) {
	ctx, cancel := context.WithDeadline(sc.ctx, sc.budget.Deadline())
	defer cancel()
	found, err := look(ctx)
	for _, f := range found {
		if f.Engine == "" {
			f.Engine = e.Name()
		}
		if f.Class == ClassUnknown {
			f.Class = ClassMalicious
		}
		it.addFinding(f)
	}
	switch {
	case err == nil:
	case sc.ctx.Err() != nil:
		it.fail(ReasonIncomplete, e.Name(), err)
	case errors.Is(err, context.DeadlineExceeded):
		it.fail(ReasonTimeout, e.Name(), err)
	default:
		it.fail(ReasonEngine, e.Name(), err)
	}
}

// allow makes notices of what engines found, if one of them knows the object to be
// harmless; the policy's findings stand.
func (o *Object) allow() {
	if !slices.ContainsFunc(o.Findings, func(f Finding) bool { return f.Class == ClassAllowed }) {
		return
	}
	for i := range o.Findings {
		if f := &o.Findings[i]; f.Engine != policyEngine && f.Class != ClassAllowed {
			f.Class = ClassNotice
		}
	}
}

func inspectSafely(ctx context.Context, e Engine, it *item) (found []Finding, err error) {
	it.guard(e.Name(), func() { found, err = e.Inspect(ctx, it.obj) })
	return found, err
}

// maxFindings bounds one object's findings; the first ones are kept.
const maxFindings = 256

func (it *item) addFinding(f Finding) {
	if len(it.obj.Findings) < maxFindings {
		it.obj.Findings = append(it.obj.Findings, f)
		return
	}
	// The gravest must not be lost behind a flood of notices.
	if f.Class == ClassMalicious {
		it.obj.Findings[maxFindings-1] = f
	}
}

// isMessage says whether the item is walked as a message: it is declared as one,
// stands as one in a text, or looks like one. Clients recurse on either.
func (it *item) isMessage() bool {
	if it.obj.Size == 0 {
		return false
	}
	switch it.obj.Declared {
	case "message/rfc822", "message/global", "message/news", "message/partial":
		return true
	}
	switch it.obj.Type {
	case "eml", "mbox", "uu", "binhex": // encoded files are found in texts
		return true
	}
	if !it.packed && it.obj.Parent >= 0 && len(it.obj.Names) == 0 {
		return false // a text that nobody saves as a file; messages pasted into it are carved
	}
	b, err := it.obj.body.Bytes()
	if err != nil {
		return false
	}
	return it.resembles(b) || it.mayHoldFile() && mime.HoldsFile(b)
}

// resembles says whether a client may be led to open the item as a message.
func (it *item) resembles(b []byte) bool {
	return mime.Resembles(b[:min(len(b), sniffBytes)]) && !it.keepsPromise()
}

// isText says whether the item is only walked as a message because of the encoded files in
// it: it is all body, and lines of it are no header, however many follow without a blank
// one.
func (it *item) isText() bool {
	if strings.HasPrefix(it.obj.Declared, "message/") || it.obj.Type == "eml" || it.obj.Type == "mbox" {
		return false
	}
	b, err := it.obj.body.Bytes()
	return err == nil && !it.resembles(b)
}

// keepsPromise says whether the item is an archive or a calendar, and has only names of
// such: nobody is led to open it as a message, and what it holds stands in it as pieces,
// which would be cut once more. A tar of messages begins with the header of the first.
func (it *item) keepsPromise() bool {
	if len(it.obj.Names) == 0 || it.obj.Type != "ics" && (it.typ.Class != filetype.Archive || formatOf(it.obj.Type) == "") {
		return false
	}
	return !slices.ContainsFunc(it.obj.Names, func(name string) bool {
		return !slices.Contains(filetype.ByExtension(extension(baseName(name))), it.obj.Type)
	})
}

// mayHoldFile says whether the item is a text that has not been carved for encoded
// files: a text that a message declares as one has been.
func (it *item) mayHoldFile() bool {
	if !it.packed && strings.HasPrefix(it.obj.Declared, "text/") {
		return false
	}
	return it.typ.Class == filetype.Text || it.typ.Class == filetype.Script
}

// oidEnveloped is id-envelopedData, 1.2.840.113549.1.7.3 in DER (RFC 5652
// section 6.1). It stands at the head of what it names.
var oidEnveloped = []byte{0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x03}

// contains says whether the item's head holds b.
func (it *item) contains(b []byte) bool {
	body, err := it.obj.body.Bytes()
	return err == nil && bytes.Contains(body[:min(len(body), 64)], b)
}

// pgpMessage tells an OpenPGP message from a key or a detached signature (RFC
// 9580 section 6.2).
func (it *item) pgpMessage() bool {
	b, err := it.obj.body.Bytes()
	if err != nil {
		return true
	}
	head := string(b[:min(len(b), headBytes)])
	return !strings.HasPrefix(head, "-----BEGIN PGP ") || strings.HasPrefix(head, "-----BEGIN PGP MESSAGE")
}
