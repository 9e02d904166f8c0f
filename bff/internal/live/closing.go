package live

import "github.com/shieldpod/shieldpod/bff/internal/verify"

// Close codes. 4000 to 4499: come back with since. 4500 to 4999: stop.
const (
	CloseAway            = 4400 // the server is going away: another one, or the next, takes over
	CloseSlow            = 4408 // the pod reads too slowly, or has fallen silent
	CloseCrowded         = 4429 // too many connections wait to authenticate, and this one has waited longest
	CloseUnavailable     = 4450 // the store can't be read, so the pod would be stale without knowing
	CloseMalformed       = 4500 // a frame that the contract doesn't have
	CloseUnauthenticated = 4501 // no bearer in time, or none that is good
	CloseSessionOver     = 4503
	CloseRevoked         = 4504
	CloseTooManyFrames   = 4505 // the client sends more than a pod has to say: pings, fragments, data
	CloseReplaced        = 4506 // newer connections of the same session have taken its place
)

// reasons go with the codes; what is not public stays in the log.
var reasons = map[int]string{
	CloseAway:            "the server is restarting",
	CloseSlow:            "too slow",
	CloseUnavailable:     "unavailable",
	CloseMalformed:       "malformed frame",
	CloseUnauthenticated: "not authenticated",
	CloseSessionOver:     "session over",
	CloseRevoked:         "revoked",
	CloseCrowded:         "too many connections",
	CloseTooManyFrames:   "too many frames",
	CloseReplaced:        "replaced",
}

// refused is how a connection ends when its bearer or session is refused with err; otherwise is for
// a refusal that is none of the better known.
func refused(err error, otherwise int) int {
	switch verify.CodeOf(err) {
	case verify.CodeSessionEnded:
		return CloseSessionOver
	case verify.CodeUnavailable, "": // without a code it is a fault of ours, not the pod's
		return CloseUnavailable
	}
	return otherwise
}
