// Package adapters is the root of the module that brings a scan's report into the
// form that a mail server takes:
//
//   - gosmtp, the error that a session of github.com/emersion/go-smtp returns;
//   - milter, the reply that a milter sends;
//   - hook, the exit status and output of a program that a server runs (chasquid,
//     maddy).
//
// They agree on what passes: only what the policy accepts after a scan that came to
// its end. What a server can do nothing with, such as a quarantine that it does not
// have, is deferred, so that nothing passes by omission.
//
// It is a module of its own, so that the library needs no SMTP package.
package adapters
