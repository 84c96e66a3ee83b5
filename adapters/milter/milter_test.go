package milter_test

import (
	"fmt"
	"testing"

	"github.com/fivefifty/fivefifty/adapters/milter"
	"github.com/fivefifty/fivefifty/scanner"
)

func ExampleRefusal() {
	report := &scanner.Report{
		Verdict: scanner.VerdictMalicious, Disposition: scanner.Reject,
		Reply: scanner.Reply{Code: 550, Enhanced: "5.7.1", Text: "100% virus."},
	}
	if text, refused := milter.Refusal(report); refused {
		fmt.Println(text)
		fmt.Println(milter.Split(text))
	}
	// Output:
	// 550 5.7.1 100%% virus.
	// 550 5.7.1 100%% virus.
}

func TestAcceptedPasses(t *testing.T) {
	if text, refused := milter.Refusal(&scanner.Report{Verdict: scanner.VerdictClean, Disposition: scanner.Accept}); text != "" || refused {
		t.Errorf("%q, %v", text, refused)
	}
	if text, refused := milter.Refusal(nil); text[:4] != "451 " || !refused {
		t.Errorf("%q, %v", text, refused)
	}
}
