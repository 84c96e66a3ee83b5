// Package html finds what texts hold in themselves: data: URIs of pages, SVG and XML (RFC
// 2397), attachments of calendars and cards (RFC 5545), base64 in scripts and any other
// text, scripts that were encoded for Windows' script hosts.
package html
