package mime

import (
	"strings"
	"testing"
)

func TestStructure(t *testing.T) {
	for _, tt := range []struct {
		name string
		msg  string
		want string // path:kind:type:body, one per line; "¶" is a line end
	}{
		{"empty", "", "1:0:text/plain:"},
		{"plain", "Subject: x\n\nhello\n", "1:0:text/plain:hello¶"},
		{"no header", "hello\nworld\n", "1:0:text/plain:hello¶world¶"},
		{"two parts", "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\nA\n--b\nContent-Type: text/html\n\n<b>\n\n--b--\nepi\n",
			":1:multipart/mixed:\npreamble:2:text/plain:pre\n1:0:text/plain:A\n2:0:text/html:<b>¶\nepilogue:3:text/plain:epi¶"},
		{"not closed", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nA\n", ":1:multipart/mixed:\n1:0:text/plain:A¶"},
		{"nested", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\nA\n--bb\n\nB\n--bb--\n--b\n\nC\n--b--\n",
			":1:multipart/mixed:\n1:1:multipart/alternative:\n1.1:0:text/plain:A\n2:0:text/plain:A\n1.2:0:text/plain:B\n3:0:text/plain:B\n4:0:text/plain:\n2:0:text/plain:C"},
		{"nested apart", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nA\n--c\n\nB\n--c--\n--b\n\nC\n--b--\n",
			":1:multipart/mixed:\n1:1:multipart/alternative:\n1.1:0:text/plain:A\n1.2:0:text/plain:B\n2:0:text/plain:C"},
		{"parent closes", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nA\n--b\n\nC\n--b--\n",
			":1:multipart/mixed:\n1:1:multipart/alternative:\n1.1:0:text/plain:A\n2:0:text/plain:C"},
		{"after close", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nA\n--b--\nmid\n--b\n\nB\n--b--\n",
			":1:multipart/mixed:\n1:0:text/plain:A\nepilogue:3:text/plain:mid\n2:0:text/plain:B"},
		{"base64", "Content-Transfer-Encoding: base64\n\nSGVs\nbG8=\n", "1:0:text/plain:Hello"},
		{"qp", "Content-Transfer-Encoding: quoted-printable\n\na=3Db=\nc=\n", "1:0:text/plain:a=bc"},
		{"rfc822 in base64", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQTogYgoKYw==\n", "1:0:message/rfc822:A: b\n\nc\n1:0:text/plain:QTogYgoKYw==¶"},
		{"digest", "Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: b\n\nc\n--b--\n", ":1:multipart/digest:\n1:0:message/rfc822:A: b¶¶c"},
		{"part without blank line", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\nhello there\n--b--\n",
			":1:multipart/mixed:\n1:0:text/plain:hello there"},
		{"odd field", "Subject : x\nContent-Transfer-Encoding  :base64\n\nSGVsbG8=\n", "1:0:text/plain:Hello\n1:0:text/plain:SGVsbG8=¶"},
		{"mbox", "From a@b Mon Jan  1\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n", "1:0:text/plain:Hello"},
		{"bom", "\xef\xbb\xbfContent-Transfer-Encoding: base64\n\nSGVsbG8=\n", "1:0:text/plain:Hello\n1:0:text/plain:SGVsbG8=¶"},
		{"leading blank", "\n\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n",
			"1:0:text/plain:Hello\n1:0:text/plain:¶Content-Transfer-Encoding: base64¶¶SGVsbG8=¶\n1.text:4:message/rfc822:Content-Transfer-Encoding: base64¶¶SGVsbG8=¶"},
		{"no boundary", "Content-Type: multipart/mixed\n\n--x\n\nA\n--x--\n", ":1:multipart/mixed:\n1:0:text/plain:--x¶¶A¶--x--¶\n1:0:text/plain:A"},
		{"empty boundary", "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nA\n----\n", ":1:multipart/mixed:\n1:0:text/plain:A"},
		{"delimiter junk", "Content-Type: multipart/mixed; boundary=b\n\n--b junk\n\nA\n--b-- x\n", ":1:multipart/mixed:\npreamble:2:text/plain:--b junk¶¶A¶--b-- x¶\n1:0:text/plain:A"},
		{"look-alike", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nA\n--bye\nX: y\n\nB\n--b\n\nC\n--b--\n",
			":1:multipart/mixed:\n1:0:text/plain:A¶--bye¶X: y¶¶B\n1:0:text/plain:A\n2:0:text/plain:B\n2:0:text/plain:C"},
		{"look-alikes", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nA\n--bx\n\nB\n--by\n\nC\n--b--\n",
			":1:multipart/mixed:\n1:0:text/plain:A¶--bx¶¶B¶--by¶¶C\n1:0:text/plain:A\n2:0:text/plain:B\n3:0:text/plain:C"},
		{"look-alike in base64", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n--bSGVs\nbG8=\n--b--\n",
			":1:multipart/mixed:\n1:0:text/plain:Hellom!\x95\xb1\xb1\xbc\n1:0:text/plain:Hello\n1:0:text/plain:Hellolo\n1:0:text/plain:Hello\n1:0:text/plain:Hello\xfb\xe6\xd2\x19[\x1b\x1b\n1:0:text/plain:Hello\n2:0:text/plain:bG8="},
		{"look-alike in a header", "Content-Type: multipart/mixed; boundary=b\n\n--b\nX: y\n--bz\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n--b--\n",
			":1:multipart/mixed:\n1:0:text/plain:\n1:0:text/plain:Hello\n1:0:text/plain:--bz¶Content-Transfer-Encoding: base64¶¶SGVsbG8=\n1.text:1:multipart/mixed:\n1.text.1:0:text/plain:Hello\n2:0:text/plain:Hello"},
		{"indented", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nA\n --b\n\nB\n--b--\n",
			":1:multipart/mixed:\n1:0:text/plain:A¶ --b¶¶B\n1:0:text/plain:A\n2:0:text/plain:B"},
		{"quoted otherwise", "Content-Type: multipart/mixed; boundary=\"b (c)\"\n\n--b\n\nA\n--b--\n", ":1:multipart/mixed:\n1:0:text/plain:A"},
		{"dashes declared", "Content-Type: multipart/mixed; boundary=\"--b\"\n\n--b\n\nA\n--b--\n", ":1:multipart/mixed:\n1:0:text/plain:A"},
		{"boundary in disposition", "Content-Type: multipart/mixed; boundary=x\nContent-Disposition: inline; boundary=b\n\n--b\n\nA\n--b--\n", ":1:multipart/mixed:\n1:0:text/plain:A"},
		{"delimiter at the end", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nA\n--b--", ":1:multipart/mixed:\n1:0:text/plain:A"},
		{"empty part", "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b--\n", ":1:multipart/mixed:\n1:0:text/plain:\n2:0:text/plain:"},
		{"dashes", "Content-Type: multipart/mixed; boundary=\"-b\"\n\n---b\n\n----\n--\n-\nx --y\n---b--\n", ":1:multipart/mixed:\n1:0:text/plain:----¶--¶-¶x --y"},
		{"uuencode", "Subject: x\n\nhi\nbegin 644 a.txt\n%:&5L;&\\\n`\nend\nbye\n", "1:0:text/plain:hi¶begin 644 a.txt¶%:&5L;&\\¶`¶end¶bye¶\n1.1:4:application/octet-stream:hello"},
		{"x-uuencode", "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a.txt\n%:&5L;&\\\n`\nend\n",
			"1:0:text/plain:hello\n1:0:text/plain:begin 644 a.txt¶%:&5L;&\\¶`¶end¶\n1.1:4:application/octet-stream:hello"},
		{"bounce", "Subject: x\n\nfailed\n\nReceived: from a\n\tby b\nFrom: a\nSubject: y\n\nB\n",
			"1:0:text/plain:failed¶¶Received: from a¶\tby b¶From: a¶Subject: y¶¶B¶\n1.1:4:message/rfc822:Received: from a¶\tby b¶From: a¶Subject: y¶¶B¶"},
		{"encoded multipart", "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\nLS1iCgpBCi0tYi0tCg==\n",
			":1:multipart/mixed:\n:1:multipart/mixed:\n1:0:text/plain:A\npreamble:2:text/plain:LS1iCgpBCi0tYi0tCg==¶"},
		{"two encodings", "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\nSGVsbG8=\n", "1:0:text/plain:Hello\n1:0:text/plain:SGVsbG8=¶"},
		{"base64 after padding", "Content-Transfer-Encoding: base64\n\nSGVsbG8=\nSGVs\nbG8=\nSGVsbG8=", "1:0:text/plain:HelloHelloHello\n1:0:text/plain:Hello"},
		{"junk line in the header", "Subject: x\njunk\nContent-Transfer-Encoding: base64\n\nSGVsbG8=",
			"1:0:text/plain:Hello\n1:0:text/plain:junk¶Content-Transfer-Encoding: base64¶¶SGVsbG8=\n1.text:4:message/rfc822:Content-Transfer-Encoding: base64¶¶SGVsbG8="},
		{"two types", "Content-Type: multipart/mixed; boundary=b\nContent-Type: text/html\n\n--b\n\nA\n--b--\n",
			":1:multipart/mixed:\n1:0:text/html:--b¶¶A¶--b--¶\n1:0:text/plain:A"},
		{"two boundaries", "Content-Type: multipart/mixed; boundary=b; boundary=c\n\n--b\n\nA\n--b--\n--c\n\nC\n--c--\n",
			":1:multipart/mixed:\n1:0:text/plain:A\nepilogue:3:text/plain:--c¶¶C¶--c--¶\n1:0:text/plain:C"},
		{"second boundary only", "Content-Type: multipart/mixed; boundary=b; boundary=c\n\n--c\n\nC\n--c--\n", ":1:multipart/mixed:\n1:0:text/plain:C"},
		{"boundaries crossed", "Content-Type: multipart/mixed; boundary=b\nContent-Type: multipart/mixed; boundary=c\n\n--b\n\nA\n--c\n\nC\n--b--\nC\n--c--\n",
			":1:multipart/mixed:\n1:0:text/plain:A¶--c¶¶C\n1:0:text/plain:C¶--b--¶C\nepilogue:3:text/plain:C¶--c--¶"},
	} {
		for _, eol := range []string{"\n", "\r\n", "\r"} {
			t.Run(tt.name+"/"+strings.NewReplacer("\r", "CR", "\n", "LF").Replace(eol), func(t *testing.T) {
				r := walkAll(t, strings.ReplaceAll(tt.msg, "\n", eol), Limits{})
				var got []string
				for _, rec := range r.all {
					body := strings.ReplaceAll(rec.body.String(), eol, "¶")
					if rec.e.Encoding == "base64" {
						body = rec.body.String()
					}
					got = append(got, rec.e.Path+":"+string('0'+byte(rec.e.Kind))+":"+rec.e.MediaType+":"+body)
				}
				if g := strings.Join(got, "\n"); g != tt.want {
					t.Errorf("got\n%s\nwant\n%s\nall\n%s", g, tt.want, r)
				}
			})
		}
	}
}
