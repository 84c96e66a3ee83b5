package filetype

import "bytes"

// disc recognises ISO 9660 and UDF by the volume recognition sequence (ECMA-167 part 2, section 8), which begins
// at sector 16. A disc that is both is an ISO: that reading is the one that needs no partition map.
func (v *view) disc() kind {
	const first, sector = 16 * 2048, 2048
	if v.size < first+sector {
		return none
	}
	k := none
	for i := range 6 {
		b := v.block[:6]
		if v.read(b, int64(first+i*sector)) < 6 {
			return k
		}
		switch string(b[1:6]) {
		case "CD001":
			return kISO
		case "BEA01", "BOOT2":
		case "NSR02", "NSR03":
			k = kUDF
		default:
			return k
		}
	}
	return k
}

// byTail recognises what only its end tells: a fixed virtual disk, an Apple disk image, a zip behind other bytes.
func (v *view) byTail() kind {
	if v.size >= 1024 {
		if v.at(v.size-512, "conectix") || v.at(v.size-511, "conectix") {
			return kVHD
		}
		if v.at(v.size-512, "koly\x00\x00\x00\x04") {
			return kDMG
		}
	}
	if v.compactPro() {
		return kCompactPro
	}
	if v.nero() {
		return kNRG
	}
	if v.size < 22+46 {
		return none
	}
	if dir := v.centralDirectory(); dir != nil && bytes.HasPrefix(dir, []byte("PK\x01\x02")) {
		return v.zipKind(dir)
	}
	return none
}
