package gosmtp_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/fivefifty/fivefifty/adapters/gosmtp"
	"github.com/fivefifty/fivefifty/scanner"
)

// session is a go-smtp session; its other methods are left out.
type session struct{ scanner *scanner.Scanner }

// Data is the three lines that a server needs.
func (s *session) Data(r io.Reader) error {
	report, _ := s.scanner.Scan(context.Background(), r) // what went wrong is in the report
	if refusal := gosmtp.Refusal(report); refusal != nil {
		return refusal
	}
	return nil // deliver here, before the 250
}

func ExampleRefusal() {
	sc, err := scanner.New(scanner.Config{Policy: scanner.Policy{BlockNames: []string{"*.scr"}}})
	if err != nil {
		panic(err)
	}
	s := &session{sc}
	for _, name := range []string{"photo.jpg", "photo.scr"} {
		err := s.Data(strings.NewReader("Content-Disposition: attachment; filename=" + name + "\r\n\r\nbody\r\n"))
		if e, ok := err.(*smtp.SMTPError); ok {
			fmt.Println(e.Code, e.EnhancedCode)
		} else {
			fmt.Println(err)
		}
	}
	// Output:
	// <nil>
	// 550 [5 7 1]
}

func TestError(t *testing.T) {
	for in, want := range map[scanner.Reply]smtp.SMTPError{
		{Code: 550, Enhanced: "5.7.1", Text: "no"}: {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "no"},
		{Code: 451, Text: "later"}:                 {Code: 451, EnhancedCode: smtp.NoEnhancedCode, Message: "later"},
	} {
		if got := gosmtp.Error(in); *got != want {
			t.Errorf("%v: %+v", in, *got)
		}
	}
}

func TestOnlyAcceptedPasses(t *testing.T) {
	clean := func(d scanner.Disposition, code int) *scanner.Report {
		return &scanner.Report{Verdict: scanner.VerdictClean, Disposition: d, Reply: scanner.Reply{Code: code, Enhanced: fmt.Sprint(code/100, ".7.1")}}
	}
	for name, tt := range map[string]struct {
		report *scanner.Report
		want   int
	}{
		"accepted":        {clean(scanner.Accept, 250), 0},
		"rejected":        {clean(scanner.Reject, 550), 550},
		"deferred":        {clean(scanner.Defer, 451), 451},
		"to be held":      {clean(scanner.Quarantine, 250), 451},
		"rejected by 250": {clean(scanner.Reject, 250), 451},
		"nothing decided": {clean(scanner.DispositionDefault, 0), 451},
		"no verdict":      {&scanner.Report{Disposition: scanner.Accept, Reply: scanner.Reply{Code: 250}}, 451},
		"no report":       {nil, 451},
	} {
		err := gosmtp.Refusal(tt.report)
		e, _ := err.(*smtp.SMTPError)
		if tt.want == 0 && err != nil || tt.want != 0 && (e == nil || e.Code != tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
