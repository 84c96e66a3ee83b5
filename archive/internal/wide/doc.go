// Package wide gives texts in UTF-16 and UTF-32 in UTF-8 too: editors and Windows'
// script hosts read them, and no signature of the text occurs in them.
package wide
