package scanner_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

const message = "From: alice@example.org\r\n" +
	"To: bob@example.org\r\n" +
	"Subject: minutes\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=b\r\n" +
	"\r\n" +
	"--b\r\n" +
	"Content-Type: text/plain\r\n" +
	"\r\n" +
	"Here they are.\r\n" +
	"--b\r\n" +
	"Content-Type: application/octet-stream; name=minutes.txt\r\n" +
	"Content-Transfer-Encoding: base64\r\n" +
	"\r\n" +
	"bWFrZSBtb25leSBmYXN0\r\n" + // make money fast
	"--b--\r\n"

// phrase is an engine that looks for one phrase.
type phrase string

func (phrase) Name() string { return "phrase" }

func (p phrase) Inspect(_ context.Context, obj *scanner.Object) ([]scanner.Finding, error) {
	body, err := obj.Bytes()
	if err != nil {
		return nil, err // the report says that the object was not examined
	}
	if bytes.Contains(body, []byte(p)) {
		return []scanner.Finding{{Signature: "Phrase.Found", Class: scanner.ClassMalicious}}, nil
	}
	return nil, nil
}

// An engine is one method that looks at one object; the Scanner opens, decodes
// and limits.
func ExampleEngine() {
	s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{phrase("money fast")}})
	if err != nil {
		panic(err)
	}
	report, err := s.Scan(context.Background(), strings.NewReader(message))
	if err != nil {
		panic(err) // the message could not be read to its end
	}
	fmt.Println(report.Verdict)
	for obj, f := range report.Findings() {
		fmt.Println(obj.Path, f.Engine, f.Signature)
	}
	// Output:
	// malicious
	// 2/minutes.txt phrase Phrase.Found
}

// A milter gets the message in pieces: each is written as it comes, and what it
// completes is examined at once.
func ExampleWriter() {
	s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{phrase("money fast")}})
	if err != nil {
		panic(err)
	}
	w := s.NewWriter(context.Background())
	defer w.Close()
	for chunk := range strings.SplitSeq(message, "\r\n") {
		if _, err := io.WriteString(w, chunk+"\r\n"); err != nil {
			panic(err) // cancelled; broken mail is no error
		}
	}
	report, err := w.Report()
	if err != nil {
		panic(err)
	}
	fmt.Println(report.Reply)
	// Output: 550 5.7.1 E-mail message contained a virus.
}

// A policy refuses what no signature knows: here programs inside archives, and
// encrypted files are held instead of refused.
func ExamplePolicy() {
	s, err := scanner.New(scanner.Config{Policy: scanner.Policy{
		BlockTypesInside: scanner.ExecutableTypes(),
		BlockNames:       []string{"*.txt"},
		Unchecked:        map[scanner.Reason]scanner.Disposition{scanner.ReasonEncrypted: scanner.Quarantine},
	}})
	if err != nil {
		panic(err)
	}
	report, _ := s.Scan(context.Background(), strings.NewReader(message))
	fmt.Println(report.Verdict, report.Reply.Code)
	// Output: blocked 550
}
