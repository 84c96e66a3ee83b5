package bombs

// program is a DOS program's header and more in base64, as long as a string must be to
// be looked at.
const program = "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// texts hold, or seem to hold, very many files in encodings of their own.
var texts = []Bomb{
	filled("text-literals", "a.ps1", "x = \""+program+"\" \n"),
	filled("text-starts", "a.txt", "TVqQTVqQTVqQTVqQ "),
	filled("text-base64", "a.b64", "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD\n"),
	filled("text-scripts", "a.vbe", "#@~^"),
	filled("text-uuencode", "a.sh", "begin 644 a\n"),
	filled("text-quoted", "a.txt", ">>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>begin 64\n"),
	filled("text-certificates", "a.pem", "-----BEGIN CERTIFICATE-----\nMIIC\n"),
	filled("text-wide", "a.txt", "a\x00"),
}

// filled is a bomb that repeats a text.
func filled(name, file, unit string) Bomb {
	return attached(name, file, func() []byte { return fill([]byte(unit), fileBytes) })
}
