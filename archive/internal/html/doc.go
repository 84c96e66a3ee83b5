// Package html finds what pages, SVG, XML and calendars hold in themselves: data: URIs
// (RFC 2397), strings of base64 in scripts, attachments.
package html
