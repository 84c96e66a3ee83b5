package smtprelay

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// transaction is one message's way: its envelope, and what carries it once it
// comes.
type transaction struct {
	id       string // queue id
	envelope scanner.Envelope
	utf8     bool
	refused  bool // a recipient was
	transfer *transfer
}

// command answers one command.
func (s *session) command(line string) {
	verb, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSpace(arg)
	verb = strings.ToUpper(verb)
	if s.tx != nil && s.tx.transfer != nil && verb != "BDAT" && verb != "RSET" && verb != "NOOP" && verb != "QUIT" {
		s.reply(say(503, "5.5.1", "The message is not complete")) // RFC 3030 section 2
		return
	}
	switch verb {
	case "EHLO", "LHLO", "HELO":
		s.hello(verb, arg)
	case "MAIL":
		s.mail(arg)
	case "RCPT":
		s.rcpt(arg)
	case "DATA":
		s.data(arg)
	case "BDAT":
		s.bdat(arg)
	case "RSET":
		s.idle++
		s.endTransaction()
		s.reply(say(250, "2.0.0", "Ok"))
	case "NOOP":
		s.idle++
		s.reply(say(250, "2.0.0", "Ok"))
	case "VRFY":
		s.idle++
		s.reply(say(252, "2.5.0", "Send a message, it will be tried"))
	case "HELP":
		s.idle++
		s.reply(say(214, "2.0.0", "RFC 5321 explains"))
	case "QUIT":
		s.reply(say(221, "2.0.0", "Bye"))
		s.quit = true
	case "STARTTLS":
		s.startTLS()
	case "AUTH":
		s.auth(arg)
	case "XFORWARD", "XCLIENT":
		s.speakFor(verb, arg)
	case "EXPN", "ETRN", "TURN", "ATRN", "SEND", "SOML", "SAML":
		s.reply(say(502, "5.5.1", "Command is not implemented"))
	case "GET", "POST", "CONNECT": // a browser that was sent here
		s.reply(say(421, "4.7.0", "This is no web server"))
	default:
		s.reply(say(500, "5.5.2", "Command is not known"))
	}
}

// hello answers EHLO, HELO, and LHLO (RFC 2033).
func (s *session) hello(verb, arg string) {
	name, _, _ := strings.Cut(arg, " ")
	if name == "" || len(name) > 255 || !isASCII(name) {
		s.reply(say(501, "5.5.4", "Syntax: "+verb+" name"))
		return
	}
	s.idle++
	s.endTransaction()
	s.client.helo, s.extended, s.lmtp = name, verb != "HELO", verb == "LHLO"
	if !s.extended {
		s.reply(say(250, "", s.relay.opts.Hostname))
		return
	}
	if s.up == nil {
		// What the upstream can is offered. If it is not there, MAIL will say so.
		s.connect()
	}
	s.reply(&reply{250, s.offers()})
}

func (s *session) offers() []string {
	o := &s.relay.opts
	size := o.MaxMessageBytes
	list := []string{o.Hostname, "PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING"}
	if s.up != nil {
		for _, key := range []string{"8BITMIME", "SMTPUTF8", "DSN"} {
			if s.up.offers(key) {
				list = append(list, key)
			}
		}
		if mechanisms := s.mechanisms(); len(mechanisms) > 0 {
			list = append(list, "AUTH "+strings.Join(mechanisms, " "))
		}
		if n, err := strconv.ParseInt(s.up.ext["SIZE"], 10, 64); err == nil && n > 0 {
			size = min(size, n)
		}
	} else {
		list = append(list, "8BITMIME")
	}
	if o.TLS != nil && !s.secure {
		list = append(list, "STARTTLS")
	}
	if s.trusted {
		list = append(list, "XFORWARD "+strings.Join(forwardNames, " "), "XCLIENT "+strings.Join(clientNames, " "))
	}
	return append(list, fmt.Sprintf("SIZE %d", size))
}

// connect opens the connection to the upstream unless there is one.
func (s *session) connect() *reply {
	if s.up != nil {
		return nil
	}
	if s.login {
		// What the client has proved, it has proved to a connection that is gone.
		return say(421, "4.4.2", "Connection to the upstream was lost, log in again")
	}
	up, fail := s.relay.opts.Upstream.dial(s.relay.server.Context(), netip.AddrPortFrom(s.client.addr, s.client.port))
	if fail == nil {
		s.up = up
	}
	return fail
}

// mail answers MAIL. The upstream decides.
func (s *session) mail(arg string) {
	switch {
	case s.relay.server.Draining():
		s.reply(say(421, "4.3.2", "Service shutting down"))
		return
	case s.client.helo == "":
		s.reply(say(503, "5.5.1", "EHLO first"))
		return
	case s.tx != nil:
		s.reply(say(503, "5.5.1", "Nested MAIL"))
		return
	}
	a, fail := parseAddress(arg, "FROM:")
	if fail == nil {
		fail = a.checkMail(s.relay.opts.MaxMessageBytes)
	}
	if fail != nil {
		s.reply(fail)
		return
	}
	tx := &transaction{id: rand.Text()[:12], utf8: a.has("SMTPUTF8"), envelope: scanner.Envelope{
		ClientAddr: s.client.addr.String(), HELO: s.client.helo, Sender: a.path, Direction: s.relay.opts.Direction,
	}}
	tx.envelope.QueueID = tx.id
	if addr := parseAddr(s.forward["ADDR"]); addr.IsValid() {
		tx.envelope.ClientAddr = addr.String()
	}
	if s.forward["HELO"] != "" {
		tx.envelope.HELO = s.forward["HELO"]
	}
	rep := s.offerMail(tx, &a)
	if rep.good() {
		s.tx = tx
	} else {
		s.relay.opts.Log.Info("sender not taken", "queue_id", tx.id, "client", tx.envelope.ClientAddr, "from", a.path, "reply", rep.String())
	}
	s.reply(rep)
}

// offerMail gives the sender to the upstream. A connection that was kept may have
// ended since, which says nothing of the upstream: it is then asked anew.
func (s *session) offerMail(tx *transaction, a *address) *reply {
	kept := s.up != nil && !s.login
	rep := s.tryMail(tx, a)
	if kept && s.up == nil {
		rep = s.tryMail(tx, a)
	}
	return rep
}

func (s *session) tryMail(tx *transaction, a *address) *reply {
	if fail := s.connect(); fail != nil {
		return fail
	}
	line, fail := s.up.line("MAIL FROM:", a, s.login)
	if fail != nil {
		return fail
	}
	who := s.origin(tx.id)
	who.merge(s.forward)
	rep := s.up.mail(who, line)
	s.checkUpstream()
	return rep
}

// checkUpstream drops a connection that was lost.
func (s *session) checkUpstream() {
	if s.up != nil && s.up.broken {
		s.up.abort()
		s.up = nil
	}
}

// rcpt answers RCPT. The upstream decides.
func (s *session) rcpt(arg string) {
	a, fail := parseAddress(arg, "TO:")
	switch {
	case s.tx == nil:
		fail = say(503, "5.5.1", "MAIL first")
	case fail != nil:
	case a.path == "":
		fail = say(501, "5.1.3", "Empty recipient")
	case !a.ascii && !s.tx.utf8:
		fail = say(553, "5.6.7", "The address needs SMTPUTF8")
	case len(s.tx.envelope.Recipients) >= s.relay.opts.MaxRecipients:
		fail = say(452, "4.5.3", "Too many recipients") // RFC 5321 section 4.5.3.1.10
	case s.up == nil:
		fail = lost()
	}
	line := ""
	if fail == nil {
		line, fail = s.up.line("RCPT TO:", &a, s.login)
	}
	if fail != nil {
		s.reply(fail)
		return
	}
	rep := s.up.exchange(line)
	s.checkUpstream()
	if rep.good() {
		s.tx.envelope.Recipients = append(s.tx.envelope.Recipients, a.path)
	} else {
		s.tx.refused = true
		s.relay.opts.Log.Info("recipient not taken", "queue_id", s.tx.id, "to", a.path, "reply", rep.String())
	}
	s.reply(rep)
}

// endTransaction gives the message up, if there is one. Nothing of it is left at
// the upstream.
func (s *session) endTransaction() {
	tx := s.tx
	s.tx, s.forward = nil, nil
	if tx == nil {
		return
	}
	if tx.transfer != nil {
		tx.transfer.discard()
		tx.transfer = nil
	}
	if s.up != nil {
		s.up.dirty = true
	}
	s.checkUpstream()
	s.message.Store(0)
}

// speakFor answers XFORWARD, which tells whose the next message is, and XCLIENT,
// by which the session becomes that client's.
func (s *session) speakFor(verb, arg string) {
	names := forwardNames
	if verb == "XCLIENT" {
		names = clientNames
	}
	told, ok := parseAttributes(arg, names)
	switch {
	case !s.trusted:
		s.reply(say(550, "5.7.0", "Not authorized to speak for others"))
	case s.tx != nil:
		s.reply(say(503, "5.5.1", "A message is under way"))
	case !ok:
		s.reply(say(501, "5.5.4", "Malformed attributes"))
	case verb == "XFORWARD":
		if s.forward == nil {
			s.forward = attributes{}
		}
		s.forward.merge(told)
		s.reply(say(250, "2.0.0", "Ok"))
	default:
		s.become(told)
	}
}

func (s *session) become(told attributes) {
	s.forget()
	if s.up != nil && s.relay.opts.Upstream.Proxy { // it was told another client
		s.up.broken = true
		s.checkUpstream()
	}
	if addr := parseAddr(told["ADDR"]); addr.IsValid() {
		s.client = clientInfo{addr: addr}
	}
	if port, err := strconv.ParseUint(told["PORT"], 10, 16); err == nil {
		s.client.port = uint16(port)
	}
	if name, ok := told["NAME"]; ok {
		s.client.name = name
	}
	s.client.helo = printable(told["HELO"])
	if s.client.addr != (netip.Addr{}) && s.count() {
		s.reply(s.greeting())
	}
}
