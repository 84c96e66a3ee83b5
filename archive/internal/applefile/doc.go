// Package applefile reads what keeps the two forks of a Macintosh file together:
// AppleSingle and AppleDouble (RFC 1740), MacBinary.
package applefile
