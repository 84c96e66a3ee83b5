package sevenzip

// branchFilters are the identifiers of filters for machine code, and the number
// that xz has for the same filter.
var branchFilters = map[uint64]int64{
	m7zX86: 0x04, m7zBCJ: 0x04,
	m7zPPC: 0x05, m7zOldPPC: 0x05,
	m7zIA64: 0x06, m7zOldIA64: 0x06,
	m7zARM: 0x07, m7zOldARM: 0x07,
	m7zARMT: 0x08, m7zOldARMT: 0x08,
	m7zSPARC: 0x09, m7zOldSPARC: 0x09,
	m7zARM64: 0x0a,
	m7zRISCV: 0x0b,
}
