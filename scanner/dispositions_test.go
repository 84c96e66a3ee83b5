package scanner

import "testing"

func TestDispositions(t *testing.T) {
	s, err := New(Config{Policy: Policy{
		Findings:  map[Class]Disposition{ClassSuspicious: Defer},
		Unchecked: map[Reason]Disposition{ReasonEncrypted: Quarantine},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := [4]Disposition{s.ReasonDisposition(ReasonEncrypted), s.ReasonDisposition(ReasonLimit), s.ClassDisposition(ClassSuspicious), s.ClassDisposition(ClassMalicious)}; got !=
		[4]Disposition{Quarantine, Reject, Defer, Reject} {
		t.Errorf("%v", got)
	}
}
