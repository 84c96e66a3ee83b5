// Package cms takes the content out of a signed or compressed message (RFC 5652), in
// DER, BER, PEM or bare base64.
package cms
