package office

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// lzfuDictionary fills the window before the first byte ([MS-OXRTFCP] section
// 2.1.2.1).
const lzfuDictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript " +
	"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

const (
	lzfuHeader = 16      // bytes before the tokens
	lzfuWindow = 4 << 10 // bytes
)

// lzfu decodes compressed RTF ([MS-OXRTFCP]): runs of eight tokens, each a byte
// or a reference into the last 4 KiB.
type lzfu struct {
	in     *bufio.Reader
	m      *level.Member
	window [lzfuWindow]byte
	at     int // where the next byte goes

	tokens byte // those left of the run, the next one in the lowest bit
	left   int  // number of them
	from   int  // where the reference that is being copied reads
	length int  // bytes left of it

	crc  uint32 // of the compressed bytes so far
	want uint32 // the declared one
	made int64  // decoded bytes
	err  error
}

// openLZFu reads the header of a compressed RTF and returns the decoded text's
// reader. m gets the method and the declared size.
func openLZFu(src io.Reader, m *level.Member) (io.Reader, error) {
	in := bufio.NewReaderSize(&level.Marked{R: src}, 4<<10)
	var h [lzfuHeader]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return nil, level.BodyError(err)
	}
	m.Size = int64(binary.LittleEndian.Uint32(h[4:]))
	switch string(h[8:12]) {
	case "MELA":
		m.Method = "stored"
		return in, nil
	case "LZFu":
		m.Method = "lzfu"
	default:
		return nil, fmt.Errorf("compressed RTF of kind %q: %w", h[8:12], level.ErrUnsupported)
	}
	z := &lzfu{in: in, m: m, at: len(lzfuDictionary), want: binary.LittleEndian.Uint32(h[12:])}
	copy(z.window[:], lzfuDictionary)
	return z, nil
}

// lzfuTable is the CRC's table: that of zip, without zip's inversions.
var lzfuTable = crc32.IEEETable

func (z *lzfu) byte() (byte, error) {
	b, err := z.in.ReadByte()
	if err == nil {
		z.crc = lzfuTable[byte(z.crc)^b] ^ z.crc>>8
	}
	return b, err
}

func (z *lzfu) put(b byte) {
	z.window[z.at] = b
	z.at = (z.at + 1) % lzfuWindow
	z.made++
}

func (z *lzfu) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && z.err == nil {
		if z.length > 0 {
			p[n] = z.window[z.from]
			z.put(p[n])
			z.from = (z.from + 1) % lzfuWindow
			z.length--
			n++
			continue
		}
		literal, isLiteral, err := z.token()
		switch {
		case err != nil:
			z.err = err
		case isLiteral:
			p[n] = literal
			z.put(literal)
			n++
		}
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, z.err
}

// token reads the next token. A reference is noted in from and length.
func (z *lzfu) token() (literal byte, isLiteral bool, err error) {
	if z.left == 0 {
		z.tokens, err = z.byte()
		if err != nil {
			return 0, false, z.ended(err)
		}
		z.left = 8
	}
	reference := z.tokens&1 == 1
	z.tokens >>= 1
	z.left--
	high, err := z.byte()
	if err != nil {
		return 0, false, z.ended(err)
	}
	if !reference {
		return high, true, nil
	}
	low, err := z.byte()
	if err != nil {
		return 0, false, z.ended(err)
	}
	z.from, z.length = int(high)<<4|int(low)>>4, int(low&15)+2
	if z.from == z.at {
		z.length = 0
		return 0, false, z.finish()
	}
	return 0, false, nil
}

// finish is what comes at the end mark. A wrong sum or size is only noted: what
// Outlook shows does not depend on it.
func (z *lzfu) finish() error {
	if z.crc != z.want {
		level.Note(z.m, anomaly.CRC)
	}
	if z.made != z.m.Size {
		level.Note(z.m, anomaly.Size)
	}
	return io.EOF
}

// ended is for input without an end mark, which is whole if the declared size has
// been reached.
func (z *lzfu) ended(err error) error {
	if err == io.EOF && z.made >= z.m.Size {
		return z.finish()
	}
	return level.BodyError(err)
}
