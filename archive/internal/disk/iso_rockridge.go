package disk

import (
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// rockRidge is what the system use entries of a directory record say: SUSP 1.12
// (IEEE P1281) and RRIP 1.12 (IEEE P1282).
type rockRidge struct {
	name   string // NM; "" if there is none
	child  uint32 // CL: the directory that was moved elsewhere, as a block
	moved  bool   // RE: the directory belongs where a CL says
	zisofs bool   // ZF: the file is compressed
}

// maxContinuations bounds the chain of continuation areas of one record.
const maxContinuations = 8

// rockRidge reads a record's entries. self says that the record is of a
// directory itself, whose root tells how many bytes come before them.
func (v *isoImage) rockRidge(t *isoTree, r *isoRecord, self bool) rockRidge {
	var rock rockRidge
	if t.joliet {
		return rock
	}
	use := r.systemUse
	if self && len(use) >= 7 && string(use[:2]) == "SP" && use[4] == 0xbe && use[5] == 0xef {
		t.skip = int(use[6])
	}
	if !self {
		use = use[min(t.skip, len(use)):]
	}
	for range maxContinuations {
		at := rock.entries(use)
		at.Off += t.base
		if at.N == 0 {
			break
		}
		use = v.Dev.Read(make([]byte, min(at.N, isoSector)), at.Off)
	}
	return rock
}

// entries reads the entries of one area, and returns where they go on.
func (rock *rockRidge) entries(use []byte) (next device.Extent) {
	for len(use) >= 4 {
		n := int(use[2])
		if n < 4 || n > len(use) {
			break
		}
		e := use[:n]
		use = use[n:]
		switch string(e[:2]) {
		case "NM":
			if n > 5 && e[4]&6 == 0 && len(rock.name) < 1<<10 {
				rock.name += level.DecodeNames(e[5:], level.Latin1)[0]
			}
		case "CL":
			rock.child = device.LE32(e, 4)
		case "RE":
			rock.moved = true
		case "ZF":
			rock.zisofs = n >= 16 && string(e[4:6]) == "pz"
		case "CE":
			next = device.Extent{Off: int64(device.LE32(e, 4))*isoSector + int64(device.LE32(e, 12)), N: int64(device.LE32(e, 20))}
		case "ST":
			return next
		}
	}
	return next
}
