package filetype

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
)

// tape is the first block of a backup.
func tape() string {
	b := []byte(pad("TAPE\x00\x00\x03\x00\x8C\x00\x0E\x01", 52))
	sum := uint16(0)
	for i := 0; i < 50; i += 2 {
		sum ^= binary.LittleEndian.Uint16(b[i:])
	}
	binary.LittleEndian.PutUint16(b[50:], sum)
	return string(b)
}

// amigaArchive is one of LZX with an empty file.
func amigaArchive() string {
	e := []byte(pad("", 30) + "\x05a.txt")
	binary.LittleEndian.PutUint32(e[26:], crc32.ChecksumIEEE(e))
	return pad("LZX", 10) + string(e)
}

// rareSamples are the first bytes of formats that few mails have.
func rareSamples() []sample {
	return []sample{
		{"alz", "ALZ\x01\x0a\x00\x00\x00BLZ\x01"}, {"egg", pad("EGGA\x00\x01\x01\x02\x03\x04", 14)},
		{"arc", pad("\x1A\x08A.TXT\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x21\x5A", 40)}, {"arc", pad("\x1A\x02A.TXT\x00\x00\x00\x00\x00\x00\x00\x00", 29) + "\x1A\x00"},
		{"zoo", pad("ZOO 2.10 Archive.\x1A\x00\x00\xDC\xA7\xC4\xFD\x2A", 60)},
		{"stuffit", pad("SIT!\x00\x01\x00\x00\x01\x00rLau\x01", 22)}, {"stuffit", pad("ST65\x00\x01\x00\x00\x01\x00rLau\x01", 22)},
		{"stuffit", pad("StuffIt (c)1997-2001 Aladdin Systems, Inc., http://www.aladdinsys.com/StuffIt/\r\n\x1a\x00", 120)},
		{"stuffitx", "StuffIt!\x00\x01\x02\x03"}, {"stuffitx", "StuffIt?\x00\x01\x02\x03"},
		{"diskdoubler", pad("\xAB\xCD\x00\x54", 84)}, {"diskdoubler", pad("DDAR", 78)},
		{"lrzip", pad("LRZI\x00\x06\x10", 30)}, {"rzip", pad("RZIP\x02\x01\x10", 30)},
		{"zpaq", "\x37\x6B\x53\x74\xA0\x31\x83\xD3\x8C\xB2\x28\xB0\xD3zPQ\x02\x01"}, {"zpaq", "zPQ\x01\x01\x00"},
		{"freearc", "ArC\x01\x00\x05\x06\x00"}, {"pea", "\xEA\x01\x02\x00\x00\x01\x00\x00\x00\x00\x00\x00POD\x00\x01\x00\x00\x00"},
		{"uharc", "UHA\x06\x00\x10\x00\x00"}, {"kgb", "KGB_arch -7\r\n12\ta.txt\r\n\x1a"}, {"paq", "paq8l -5\r\n12\ta.txt\r\n\x1a\x00"}, {"paq", "PAQ6 -3\r\n12\ta.txt\r\n\x1a\x00"},
		{"applearchive", "AA01\x20\x00TYP1F"}, {"applearchive", pad("pbzx\x00\x00\x00\x00\x01\x00\x00\x00", 20)}, {"applearchive", pad("pbze\x00\x00\x00\x00\x00\x40\x00\x00", 20)},
		{"lzfse", pad("bvx2\x00\x40\x00\x00", 20)}, {"lzfse", pad("bvxn\x10\x00\x00\x00\x08\x00\x00\x00", 20)}, {"lzfse", pad("bvx-\x10\x00\x00\x00", 20)},
		{"snappy", "\xFF\x06\x00\x00sNaPpY\x00"}, {"pack200", pad("\xCA\xFE\xD0\x0D\x07\x96", 20)},
		{"vmdk", pad("KDMV\x01\x00\x00\x00\x03", 512)}, {"vmdk", pad("COWD\x01\x00\x00\x00", 512)}, {"vmdk", "# Disk DescriptorFile\nversion=1\n"},
		{"vdi", put(512, map[int]string{0: "<<< Oracle VM VirtualBox Disk Image >>>\n", 0x40: "\x7F\x10\xDA\xBE\x01\x00\x01\x00"})},
		{"qcow", "QFI\xFB\x00\x00\x00\x03\x00\x00"}, {"parallels", pad("WithoutFreeSpace\x02\x00\x00\x00", 64)}, {"parallels", pad("WithouFreSpacExt\x02\x00\x00\x00", 64)},
		{"pmd", pad("\x8F\xAF\xAC\x84\x20\x00\x00\x00\xF5\x70\x05\x00\x00\x00\x00\x00a.txt", 64)}, {"dms", pad("DMS!\x00\x00\x00\x00", 64)},
		{"powerpacker", pad("PP20\x09\x0A\x0B\x0B", 64)}, {"packit", pad("PMag\x04name", 128)}, {"packit", pad("PMa4\x04name", 128)},
		{"uefi", pad("\xBD\x86\x66\x3B\x76\x0D\x30\x40\xB7\x0E\xB5\x51\x9E\x2F\xC5\xA0\x50", 64)}, {"uefi", put(512, map[int]string{16: "\x78\xE5\x8C\x8C\x3D\x8A\x1C\x4F\x99\x35\x89\x61\x85\xC3\x2D\xD3", 40: "_FVH"})}, {"super", put(8192, map[int]string{4096: "gDla\x34\x00\x00\x00"})},
		{"sparse", pad("\x3A\xFF\x26\xED\x01\x00\x00\x00\x1C\x00\x0C\x00", 64)},
		{"ciso", pad("CISO\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x08\x00\x00\x01", 64)}, {"ciso", pad("CISO\x00\x00\x20\x00\x01\x01\x01\x00", 64)},
		{"nrg", put(2048, map[int]string{0: "data", 1024: "CUEX\x00\x00\x00\x10", 2048 - 12: "NER5\x00\x00\x00\x00\x00\x00\x04\x00"})},
		{"nrg", put(2048, map[int]string{0: "data", 1024: "CUES\x00\x00\x00\x10", 2048 - 8: "NERO\x00\x00\x04\x00"})},
		{"daa", pad("DAA", 76)}, {"isz", pad("IsZ!\x40\x01", 64)},
		{"cramfs", pad("\x45\x3D\xCD\x28\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00Compressed ROMFS", 76)},
		{"cramfs", pad("\x28\xCD\x3D\x45\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00Compressed ROMFS", 76)},
		{"jffs2", pad("\x85\x19\x01\xE0\x30\x00\x00\x00", 48)}, {"jffs2", pad("\x19\x85\x20\x03\x00\x00\x00\x0c", 48)},
		{"ubi", pad("UBI#\x01", 64)}, {"ubi", put(64, map[int]string{0: "\x31\x18\x10\x06\x12\x34", 20: "\x06"})},
		{"xfs", pad("XFSB\x00\x00\x10\x00", 512)}, {"btrfs", put(0x11000, map[int]string{0x10040: "_BHRfS_M"})}, {"f2fs", put(2048, map[int]string{1024: "\x10\x20\xF5\xF2\x01\x00"})},
		{"apfs", put(4096, map[int]string{0: "\xa4\xc2\x99\x0d\xb2\x11\xc4\xca\x01", 32: "NXSB\x00\x10\x00\x00\xf6\x7f"})},
		{"ext", put(2048, map[int]string{1024: "\x00\x01\x00\x00\x00\x04\x00\x00", 1048: "\x02", 1056: "\x00\x80", 1064: "\x00\x01", 1080: "\x53\xEF\x01\x00\x01\x00", 1100: "\x01"})},
		{"pst", "!BDN\x12\x34\x56\x78SM\x17\x00"}, {"mdb", pad("\x00\x01\x00\x00Standard Jet DB\x00\x01", 64)}, {"mdb", pad("\x00\x01\x00\x00Standard ACE DB\x00\x02", 64)},
		{"amigalzx", amigaArchive()}, {"compactpro", put(200, map[int]string{0: "\x01\x01\x12\x34\x00\x00\x00\x64", 100: "\x11\x22\x33\x44\x00\x01\x00\x05a.txt\x01\x00\x00\x00\x08"})},
		{"compactpro", put(200, map[int]string{0: "\x01\x01\x12\x34\x00\x00\x00\x64", 100: "\x11\x22\x33\x44\x00\x01\x02hi\x83abc\x00\x01TEXTTEXT"})},
		{"bplist", "bplist00\xd1\x01\x02\x51a\x51b\x08\x0b\x0d"}, {"emlx", "120       \nfrom: a@example.org\nsubject: x\n\ntext\n"},
		{"activemime", pad("ActiveMime\x00\x00\xf0\x01\x04", 60)},
		{"warc", "WARC/1.0\r\nWARC-Type: warcinfo\r\n"}, {"bkf", tape()}, {"dar", "\x00\x00\x00\x7B0123456789TN\x00\x00"},
		{"innosetup", "Inno Setup Setup Data (5.5.7) (u)"}, {"innosetup", "zlb\x1A\x5D\x00\x00\x80"}, {"innosetup", "idska32\x1A\x00\x10\x00\x00"}, {"innosetup", "idskb32\x1A\x00\x10\x00\x00"},
		{"autoit", "\xA3\x48\x4B\xBE\x98\x6C\x4A\xA9\x99\x4C\x53\x0A\x86\xD6\x48\x7DAU3!EA06"},
		{"hxs", "ITOLITLS\x01\x00\x00\x00\x28\x00"}, {"asar", "\x04\x00\x00\x00\x30\x00\x00\x00\x2c\x00\x00\x00\x26\x00\x00\x00{\"files\":{}}"},
	}
}

// TestRareProse: honest texts and data that begin as a rare format does are none.
func TestRareProse(t *testing.T) {
	for _, s := range []string{
		"SIT! said the man to his dog, and rLaughed.", "StuffIt! is a program for the Macintosh.", "StuffIt? No, thank you very much.", "StuffIt (c)1997- is old\n",
		"DDAR is an abbreviation that nobody knows.", "LRZI and RZIP are compressors.", "zPQ is a tag", "ArChive of the year", "UHA is short for something",
		"KGB_arch -x", "paq8 is a family of programs\r\nand so on", "PAQ is a Peruvian bank", "AA01 TYP1 is the number of my ticket", "pbzx is what Apple uses for packages",
		"bvx2 is a magic", "KDMV Television tonight", "COWD Media presents", "CISO stands for chief information security officer, I think", "DAA is for the disabled",
		"LZX is a format of the Amiga, which packed a lot of things into groups.", "bplist00 begins such a list", "120\nfrom: nobody", "ActiveMime is what Office makes of macros", "IsZ! what is that", "UBI# is a prefix", "XFSB is the magic", "!BDN begins an Outlook file", "WARC/1.0 is a standard\r\n", "TAPE the parcel well, and send it to me before Friday, please.",
		"Inno Setup is an installer", "WithoutFreeSpace left on my disk I cannot work.", "TAPE", "QFI is a bank",
	} {
		if got := Detect([]byte(s), nil); got.Name != "text" {
			t.Errorf("%q: %s", s, got.Name)
		}
	}
	for _, s := range []string{
		put(2048, map[int]string{1: "x", 1080: "\x53\xEF"}), pad("\x85\x19\x01\xE0", 48), pad("CISO\x01", 64), put(2048, map[int]string{1: "\xff", 2048 - 12: "NER5"}),
		pad("\x1A\x01\x30\x00\x26\x00\x0F\x00\x9D\x01\x41\x05xterm|\x21\x5A terminal", 60), pad("\x1A\x02A B", 40), pad("\x1A\x0CABC", 40), pad("\xEA\x01", 40), pad("LZX\x00", 100), pad("\x01\x01\x00\x00\x00\x00\x00\x10", 100), pad("\x00\x00\x00\x7B\x01", 40), put(64, map[int]string{0: "\x31\x18\x10\x06", 20: "\x77"}), strings.Repeat("\x00", 0x11000),
	} {
		if got := Detect([]byte(s)[:min(len(s), headSize)], strings.NewReader(s)); got.Name != "data" {
			t.Errorf("%.20q: %s", s, got.Name)
		}
	}
}
