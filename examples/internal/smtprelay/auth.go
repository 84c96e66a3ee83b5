package smtprelay

import (
	"slices"
	"strings"
)

// mechanismsPassed are those of AUTH that work through us: the others bind the
// proof to the connection, or put a layer of their own on it.
var mechanismsPassed = []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "XOAUTH2", "OAUTHBEARER"}

// mechanisms are those that the client is offered: the upstream's, and none
// where passwords could be read on the way to us.
func (s *session) mechanisms() []string {
	if s.up == nil || s.lmtp || s.relay.opts.Auth == AuthOff || s.relay.opts.Auth == AuthTLS && !s.secure {
		return nil
	}
	var list []string
	for m := range strings.FieldsSeq(strings.ToUpper(s.up.ext["AUTH"])) {
		if slices.Contains(mechanismsPassed, m) {
			list = append(list, m)
		}
	}
	return list
}

// auth passes AUTH (RFC 4954) to the upstream and its answers back; what the
// client proves, it proves there.
func (s *session) auth(arg string) {
	mechanism, initial, _ := strings.Cut(arg, " ")
	mechanism = strings.ToUpper(mechanism)
	switch {
	case s.client.helo == "" || !s.extended || s.tx != nil:
		s.reply(say(503, "5.5.1", "AUTH comes behind EHLO and before MAIL"))
		return
	case s.login:
		s.reply(say(503, "5.5.1", "Logged in already"))
		return
	case s.relay.opts.Auth == AuthTLS && !s.secure:
		s.reply(say(538, "5.7.11", "Encryption required"))
		return
	}
	if fail := s.connect(); fail != nil {
		s.reply(fail)
		return
	}
	if !slices.Contains(s.mechanisms(), mechanism) {
		s.reply(say(504, "5.5.4", "Mechanism is not offered"))
		return
	}
	if initial != "" {
		mechanism += " " + initial
	}
	s.prove("AUTH " + mechanism)
}

// prove carries the steps of a mechanism to and fro.
func (s *session) prove(line string) {
	for range 16 { // no mechanism has more steps
		rep, err := s.up.command(line)
		if err != nil {
			s.up.broken = true
			s.checkUpstream()
			s.reply(lost())
			return
		}
		if rep.code != 334 {
			s.login = rep.code == 235
			s.reply(authReply(rep))
			return
		}
		s.reply(rep)
		if s.flush() != nil {
			break
		}
		if line, err = s.readLine(maxAuthLine); err != nil {
			break
		}
	}
	s.quit = true
}

// authReply is the upstream's last word; 235 is below what pass lets through.
func authReply(rep *reply) *reply {
	if rep.code == 235 {
		return rep
	}
	return rep.pass()
}
