package scanner

import "context"

// Envelope is what the server knows about a message beside its bytes. All of it
// is optional.
type Envelope struct {
	ClientAddr string   `json:"client,omitempty"` // IP address of the SMTP client
	HELO       string   `json:"helo,omitempty"`
	Sender     string   `json:"sender,omitempty"` // MAIL FROM
	Recipients []string `json:"recipients,omitempty"`
	Direction  string   `json:"direction,omitempty"` // "in" or "out"
	QueueID    string   `json:"queue_id,omitempty"`
}

type envelopeKey struct{}

// WithEnvelope returns a context that carries env to a scan and its engines.
func WithEnvelope(ctx context.Context, env *Envelope) context.Context {
	return context.WithValue(ctx, envelopeKey{}, env)
}

// EnvelopeFrom returns the Envelope that ctx carries, an empty one if none.
func EnvelopeFrom(ctx context.Context) *Envelope {
	if env, ok := ctx.Value(envelopeKey{}).(*Envelope); ok && env != nil {
		return env
	}
	return &Envelope{}
}
