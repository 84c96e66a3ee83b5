package scanner

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// chunkBytes is the step in which a message is walked: the objects that one
// step completes are examined before the next.
const chunkBytes = 64 << 10

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, chunkBytes); return &b }}

// Writer scans one message that is written to it, as it arrives. It is not safe
// for concurrent use.
type Writer struct {
	scan   *scan
	msg    *message
	digest hash.Hash
	size   int64
	over   bool // the message is larger than Limits.MessageBytes
	report *Report
	err    error
	closed bool
}

// ErrClosed is returned by a Writer whose message was abandoned.
var ErrClosed = errors.New("scanner: Writer is closed")

// NewWriter begins a scan of one message. The caller must call Close.
func (s *Scanner) NewWriter(ctx context.Context) *Writer {
	sc := newScan(ctx, s)
	root := sc.addRoot("", "message/rfc822")
	root.obj.Type, root.obj.MediaType = "eml", "message/rfc822"
	return &Writer{scan: sc, msg: sc.newMessage(root), digest: sha256.New()}
}

// Write takes the next bytes of the message, and examines every object that
// they complete before it returns. Its only error is that the scan was
// cancelled or closed: broken mail is not an error.
func (w *Writer) Write(p []byte) (int, error) {
	if w.closed || w.report != nil {
		return 0, ErrClosed
	}
	w.scan.budget.Resume()
	defer w.scan.budget.Pause()
	for done := 0; done < len(p); {
		if err := context.Cause(w.scan.ctx); err != nil {
			return done, err
		}
		chunk := p[done:min(len(p), done+chunkBytes)]
		w.step(chunk)
		done += len(chunk)
	}
	return len(p), nil
}

func (w *Writer) step(chunk []byte) {
	if room := w.scan.limits.MessageBytes - w.size; int64(len(chunk)) > room {
		chunk = chunk[:room]
		if !w.over {
			w.over = true
			w.msg.root.addUnchecked(Unchecked{Reason: ReasonLimit, Limit: limitMessageBytes,
				Detail: fmt.Sprintf("message is larger than %d bytes", w.scan.limits.MessageBytes)})
		}
	}
	w.size += int64(len(chunk))
	w.digest.Write(chunk)
	w.msg.write(chunk)
	w.scan.examineReady(w.msg)
}

// Report ends the message and returns the report. Errors are those of Scan.
func (w *Writer) Report() (*Report, error) {
	switch {
	case w.report != nil:
		return w.report, w.err
	case w.closed:
		return w.abort(ErrClosed)
	}
	if err := context.Cause(w.scan.ctx); err != nil {
		return w.abort(err)
	}
	w.scan.budget.Resume()
	w.msg.close()
	w.scan.examineReady(w.msg)
	w.scan.examineLocked()
	w.scan.budget.Pause()
	// A cancellation while the last objects were examined left them unexamined.
	if err := context.Cause(w.scan.ctx); err != nil {
		return w.abort(err)
	}
	w.finish()
	return w.report, nil
}

// abort ends a scan that cannot be finished: the report says so.
func (w *Writer) abort(err error) (*Report, error) {
	if w.report == nil {
		w.msg.root.addUnchecked(Unchecked{Reason: ReasonIncomplete, Detail: quote(err.Error())})
		w.err = err
		w.finish()
	}
	return w.report, w.err
}

func (w *Writer) finish() {
	root := w.msg.root.obj
	root.Size = w.size
	root.SHA256 = w.digest.Sum(nil)
	w.report = w.scan.finish(w.size)
}

// Close releases what the scan holds. A message that was not ended by Report is
// abandoned. Close is idempotent.
func (w *Writer) Close() error {
	if !w.closed {
		w.closed = true
		w.scan.release()
	}
	return nil
}
