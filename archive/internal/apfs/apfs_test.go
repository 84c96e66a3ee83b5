package apfs

import (
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// seed is a volume with each kind of record.
func seed() *forge {
	f := newForge(64)
	body := archivetest.Payload
	f.file(20, rootInode, "p.js", body)
	f.folder(21, rootInode, "dir")
	f.folder(22, 21, "größe")
	f.file(23, 22, "deep.txt", "deep")
	f.entry(21, "again.js", 20, 0x8000)
	f.file(24, 21, "empty", "")
	f.file(25, rootInode, "big.bin", strings.Repeat("0123456789abcdef", 1000))
	f.xattr(25, "com.example.note", strings.Repeat("a note ", 10))
	f.xattrStream(25, resourceAttribute, 40, 5000)
	f.stream(40, []byte(strings.Repeat("fork ", 1000)))
	return f
}

func seedFiles() map[string]string {
	return map[string]string{
		"p.js": archivetest.Payload, "dir/again.js": archivetest.Payload, "dir/größe/deep.txt": "deep", "dir/empty": "",
		"big.bin": strings.Repeat("0123456789abcdef", 1000), "big.bin:com.example.note": strings.Repeat("a note ", 10),
		"big.bin/..namedfork/rsrc": strings.Repeat("fork ", 1000),
	}
}

func TestPlain(t *testing.T) { archivetest.CheckTree(t, Format, seed().finish(), seedFiles()) }
