package pdf

// key is a key of a dictionary that this package looks at.
type key uint8

const (
	pdfKeyNone key = iota
	pdfKeyAA
	pdfKeyBits // BitsPerComponent
	pdfKeyCF
	pdfKeyCFM
	pdfKeyColors
	pdfKeyColumns
	pdfKeyDOS
	pdfKeyEarly // EarlyChange
	pdfKeyEF
	pdfKeyEFF
	pdfKeyEncrypt
	pdfKeyEncryptMetadata
	pdfKeyF
	pdfKeyFilter
	pdfKeyFirst
	pdfKeyID
	pdfKeyJS
	pdfKeyLength
	pdfKeyMac
	pdfKeyN
	pdfKeyName
	pdfKeyO
	pdfKeyOE
	pdfKeyOnInstantiate
	pdfKeyOpenAction
	pdfKeyP
	pdfKeyParms // DecodeParms, DP
	pdfKeyPredictor
	pdfKeyR
	pdfKeyRF
	pdfKeyS
	pdfKeyStmF
	pdfKeyStrF
	pdfKeySubtype
	pdfKeyThreeD // 3DD
	pdfKeyType
	pdfKeyU
	pdfKeyUE
	pdfKeyUF
	pdfKeyUnix
	pdfKeyV
	pdfKeyXFA
	pdfKeyNamed // the key of a crypt filter, whatever it is called
)

// keyOf looks a key up. Names in PDF are case sensitive, in every reader.
func keyOf(name []byte) key {
	if len(name) == 0 || len(name) > 16 {
		return pdfKeyNone
	}
	return pdfKeys[string(name)]
}

var pdfKeys = map[string]key{
	"AA": pdfKeyAA, "BitsPerComponent": pdfKeyBits, "CF": pdfKeyCF, "CFM": pdfKeyCFM, "Colors": pdfKeyColors,
	"Columns": pdfKeyColumns, "DOS": pdfKeyDOS, "EarlyChange": pdfKeyEarly, "EF": pdfKeyEF, "EFF": pdfKeyEFF,
	"Encrypt": pdfKeyEncrypt, "EncryptMetadata": pdfKeyEncryptMetadata, "F": pdfKeyF, "Filter": pdfKeyFilter,
	"First": pdfKeyFirst, "ID": pdfKeyID, "JS": pdfKeyJS, "Length": pdfKeyLength, "Mac": pdfKeyMac, "N": pdfKeyN,
	"Name": pdfKeyName, "O": pdfKeyO, "OE": pdfKeyOE, "OnInstantiate": pdfKeyOnInstantiate,
	"OpenAction": pdfKeyOpenAction, "P": pdfKeyP, "DecodeParms": pdfKeyParms, "DP": pdfKeyParms,
	"Predictor": pdfKeyPredictor, "R": pdfKeyR, "RF": pdfKeyRF, "S": pdfKeyS, "StmF": pdfKeyStmF, "StrF": pdfKeyStrF,
	"Subtype": pdfKeySubtype, "3DD": pdfKeyThreeD, "Type": pdfKeyType, "U": pdfKeyU, "UE": pdfKeyUE, "UF": pdfKeyUF,
	"Unix": pdfKeyUnix, "V": pdfKeyV, "XFA": pdfKeyXFA,
}

// telling are the keys and values that say what a file does: to write one of
// them with an escape serves only to hide it from those who search for it.
func (k key) telling() bool {
	switch k {
	case pdfKeyAA, pdfKeyEF, pdfKeyEncrypt, pdfKeyFilter, pdfKeyJS, pdfKeyLength, pdfKeyOpenAction, pdfKeyParms,
		pdfKeyXFA, pdfKeyS, pdfKeyType, pdfKeyFirst, pdfKeyUF:
		return true
	}
	return false
}
