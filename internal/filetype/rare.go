package filetype

// byRareMagic recognises formats that few mails have, by what stands at a fixed place.
// Each asks for more than a word: what is said to be a container that is not opened
// may be refused.
func byRareMagic(b []byte) kind {
	switch {
	case has(b, 0, "ALZ\x01") && len(b) >= 12 && b[7] == 0:
		return kAlz
	case has(b, 0, "EGGA\x00\x01") && has(b, 10, "\x00\x00\x00\x00"):
		return kEgg
	}
	return none
}
