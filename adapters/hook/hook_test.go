package hook_test

import (
	"fmt"
	"testing"

	"github.com/fivefifty/fivefifty/adapters/hook"
	"github.com/fivefifty/fivefifty/scanner"
)

func Example() {
	report := &scanner.Report{ // of scanner.Scan(ctx, os.Stdin)
		Verdict: scanner.VerdictMalicious, Disposition: scanner.Reject,
		Reply: scanner.Reply{Code: 550, Enhanced: "5.7.1", Text: "E-mail message contained a virus."},
	}
	end := hook.Chasquid(report)
	fmt.Println(end.Line)
	fmt.Println("exit", end.Status) // os.Exit(end.Status)
	// Output:
	// 5.7.1 E-mail message contained a virus.
	// exit 20
}

func TestResults(t *testing.T) {
	report := func(v scanner.Verdict, d scanner.Disposition, code int) *scanner.Report {
		return &scanner.Report{Verdict: v, Disposition: d, Reference: "R-1", Reply: scanner.Reply{Code: code, Enhanced: fmt.Sprintf("%d.7.1", code/100), Text: "text"}}
	}
	for name, tt := range map[string]struct {
		report          *scanner.Report
		chasquid, maddy hook.Result
	}{
		"clean": {report(scanner.VerdictClean, scanner.Accept, 250), hook.Result{Status: 0, Line: "X-Fivefifty: clean R-1"}, hook.Result{Status: 0, Line: "X-Fivefifty: clean R-1"}},
		"virus": {report(scanner.VerdictMalicious, scanner.Reject, 550), hook.Result{Status: 20, Line: "5.7.1 text"}, hook.Result{Status: 1}},
		"later": {report(scanner.VerdictUnchecked, scanner.Defer, 451), hook.Result{Status: 75, Line: "4.7.1 text"}, hook.Result{Status: 75}},
		"held": {
			report(scanner.VerdictUnchecked, scanner.Quarantine, 250),
			hook.Result{Status: 75, Line: "4.7.1 E-mail message could not be checked for viruses; please try again later."},
			hook.Result{Status: 2, Line: "X-Fivefifty: unchecked R-1"},
		},
	} {
		if got := hook.Chasquid(tt.report); got != tt.chasquid {
			t.Errorf("%s: chasquid: %+v", name, got)
		}
		if got := hook.Maddy(tt.report); got != tt.maddy {
			t.Errorf("%s: maddy: %+v", name, got)
		}
	}
	if hook.Chasquid(nil).Status != 75 || hook.Maddy(nil).Status != 75 {
		t.Error("no report passes")
	}
}
