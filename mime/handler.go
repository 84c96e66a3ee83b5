package mime

import "io"

// Handler receives the entities of a message from a Walker.
type Handler interface {
	// Begin is called when an entity's header is complete and before its body.
	// The decoded body is written to the returned writer; nil discards it. For
	// Kind Multipart the writer is not used. The bytes given to Write are valid
	// only until it returns. An error from Write ends the walk: Walker.Write
	// and Walker.Close return it.
	//
	// Several entities can be open at once: a multipart and its part, a text
	// and what is carved from it, two readings of one part.
	Begin(e *Entity) io.Writer

	// End is called once for each Begin, when the entity's last byte has been
	// written; e.Fault, e.Size and e.Anomalies are final.
	End(e *Entity)
}

// Forker is a Handler that can give one entity the bytes which another one has
// received so far. Where clients disagree only on how far a body goes, the
// shorter reading is a beginning of the longer one, and it is known to exist only
// when its end has passed.
type Forker interface {
	Handler

	// Fork is called in place of Begin for e, whose body starts with all that was
	// written to the open entity of. What follows is written to the returned
	// writer; nil discards it. Handler.End is called for e.
	//
	// Without a Forker the shorter reading is no entity; the longer one bears the
	// anomaly all the same.
	Fork(of, e *Entity) io.Writer
}
