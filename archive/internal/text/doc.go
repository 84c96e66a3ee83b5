// Package text turns names and texts in the encodings of old systems into UTF-8.
package text
