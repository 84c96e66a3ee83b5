package filetype

// Detect tells the type of an object. head is its first bytes: 8 KiB of them decide, and fewer are completed from
// src. src may be nil, then head is the whole object. Detect keeps neither. It is safe for concurrent use if src is.
func Detect(head []byte, src Source) Type {
	// A size below what has already been seen is a lie; what has been seen stands.
	size := int64(len(head))
	if src != nil {
		size = max(size, src.Size())
	}
	if size == 0 {
		return types[kEmpty]
	}
	s := scratches.Get().(*scratch)
	defer s.release()
	return types[s.open(head, src, size).detect()]
}

// detect asks in order of certainty: what the first bytes alone decide, what the place of a disk image's
// descriptor decides, what the tail decides, and last what text it is.
func (v *view) detect() kind {
	k := v.byMagic()
	if k == kPE || k == kELF || k == kMachO {
		return k
	}
	// The first 32 KiB of a disc image belong to nobody: whatever stands there, the image mounts.
	if disc := v.disc(); disc != none {
		return disc
	}
	if k != none && !v.tailDecides(k) {
		return k
	}
	if t := v.byTail(); t != none {
		return t
	}
	if k != none {
		return k
	}
	if vol := v.volume(); vol != none {
		return vol
	}
	return v.byText()
}

// tailDecides tells the types whose first bytes say less than the last: an image compressed with bzip2 and a
// disk image that begins with one are the same at the start. So it is with the other ways of compression that disk
// images have.
func (v *view) tailDecides(k kind) bool {
	return k == kBzip2 || k == kXz || k == kLzma || k == kZlib || k == kLZFSE
}
