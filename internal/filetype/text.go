package filetype

func (v *view) byText() kind {
	if printable(v.head) {
		return kText
	}
	return kData
}
