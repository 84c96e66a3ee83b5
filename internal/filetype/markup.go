package filetype

import "bytes"

// htmlTags are the elements that may open a page; browsers sniff for much the same ones (WHATWG MIME Sniffing,
// section 7.1).
var htmlTags = [...]string{"!doctype html", "html", "head", "body", "script", "iframe", "h1", "h2", "h3", "div", "font", "table", "a", "style",
	"title", "b", "br", "p", "meta", "img", "center", "form", "link", "base", "span", "input", "button", "embed", "object", "frameset", "noscript", "ul", "ol", "strong"}

// markup types what is written in angle brackets. t is in lower case.
func markup(t []byte) kind {
	if bytes.Contains(t, []byte("<hta:application")) {
		return kHTA
	}
	r, xml := prolog(t)
	switch {
	case php(t, r):
		return kPHP
	case tag(r, "job"), tag(r, "package") && bytes.Contains(r, []byte("<script")), tag(r, "component") && bytes.Contains(r, []byte("<script")), tag(r, "scriptlet"):
		return kWSF
	case tag(r, "svg"):
		return kSVG
	case has(r, 0, "<!doctype svg"):
		return kSVG
	}
	for _, name := range htmlTags {
		if tag(r, name) {
			return kHTML
		}
	}
	if xml {
		return kXML
	}
	// A page may hide behind a line of prose; a closing tag shows that the opening one is meant.
	for _, name := range [...]string{"html", "body", "script"} {
		if i := bytes.Index(t, []byte("\n<"+name)); i >= 0 && tag(t[i+1:], name) && bytes.Contains(t[i:], []byte("</"+name+">")) {
			if fields(t) >= 2 {
				return none // a message with an HTML body
			}
			return kHTML
		}
	}
	return none
}

func php(t, r []byte) bool {
	return has(t, 0, "<?php") || has(r, 0, "<?php") || has(t, 0, "<?=") || bytes.Contains(t, []byte("\n<?php"))
}

// tag reports whether r begins with that element.
func tag(r []byte, name string) bool {
	if len(r) < 2+len(name) || r[0] != '<' || !has(r, 1, name) {
		return false
	}
	switch r[1+len(name)] {
	case ' ', '>', '\t', '\r', '\n', '/':
		return true
	}
	return false
}

// prolog skips what may stand in front of the root: the XML declaration, comments, processing instructions, a
// document type that isn't HTML's or SVG's.
func prolog(t []byte) (rest []byte, xml bool) {
	for range 32 {
		end := -1
		switch {
		case has(t, 0, "<?xml"):
			xml = true
			end = after(t, "?>")
		case has(t, 0, "<?"):
			if has(t, 0, "<?php") {
				return t, xml
			}
			end = after(t, "?>")
		case has(t, 0, "<!--"):
			end = after(t, "-->")
		case has(t, 0, "<!doctype") && !has(t, 10, "html") && !has(t, 10, "svg"):
			end = after(t, ">")
		}
		if end < 0 {
			return t, xml
		}
		t = bytes.TrimLeft(t[end:], " \t\r\n\f")
	}
	return t, xml
}

func after(t []byte, mark string) int {
	i := bytes.Index(t, []byte(mark))
	if i < 0 {
		return -1
	}
	return i + len(mark)
}
