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
