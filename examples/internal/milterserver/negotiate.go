package milterserver

import "encoding/binary"

// Actions that a filter may take (libmilter/mfapi.h, SMFIF_*).
const (
	actAddHeaders    = 0x01
	actChangeHeaders = 0x10
	actQuarantine    = 0x20
)

// Bits of the protocol (SMFIP_*).
const (
	protoNoUnknown = 0x100    // do not send unknown commands
	protoLeadSpace = 0x100000 // header values come with the blank behind the colon

	replyHeader  = 0x80 // SMFIP_NR_*: the filter does not answer this event
	replyConnect = 0x1000
	replyHelo    = 0x2000
	replyMail    = 0x4000
	replyRcpt    = 0x8000
	replyData    = 0x10000
	replyUnknown = 0x20000
	replyEOH     = 0x40000
	replyBody    = 0x80000
)

// wanted is all that makes the MTA stream without waiting for answers, which say
// nothing before the message's end, and that keeps the header's bytes.
const wanted = protoNoUnknown | protoLeadSpace | replyHeader | replyConnect | replyHelo | replyMail | replyRcpt |
	replyData | replyUnknown | replyEOH | replyBody

// agreement is what was negotiated.
type agreement struct{ actions, protocol uint32 }

const ourVersion = 6

// negotiate answers SMFIC_OPTNEG: the least of both versions, and of what we want
// what is offered.
func negotiate(data []byte) (a agreement, answer []byte, err error) {
	if len(data) < 12 {
		return a, nil, errPacket
	}
	version := binary.BigEndian.Uint32(data)
	if version < 2 {
		return a, nil, errPacket
	}
	a.actions = binary.BigEndian.Uint32(data[4:]) & (actAddHeaders | actChangeHeaders | actQuarantine)
	a.protocol = binary.BigEndian.Uint32(data[8:]) & wanted
	for _, n := range []uint32{min(version, ourVersion), a.actions, a.protocol} {
		answer = binary.BigEndian.AppendUint32(answer, n)
	}
	return a, answer, nil
}

// noReply is the bit by which an event is not answered, 0 if it always is.
var noReply = map[byte]uint32{
	'C': replyConnect, 'H': replyHelo, 'M': replyMail, 'R': replyRcpt, 'T': replyData,
	'L': replyHeader, 'N': replyEOH, 'B': replyBody, 'U': replyUnknown,
}
