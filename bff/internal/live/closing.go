package live

import "github.com/shieldpod/shieldpod/bff/internal/verify"

// Close codes. 4000 to 4499: reconnect with since. 4500 to 4999: stop.
const (
	CloseGoingAway       = 4400 // the server is shutting down; another node takes over
	CloseSlow            = 4408 // the pod reads too slowly, or does not answer pings
	CloseTooManyWaiting  = 4429 // too many connections wait to authenticate; the oldest is closed
	CloseUnavailable     = 4450 // the store can't be read, so the pod would be stale without a sign of it
	CloseMalformed       = 4500 // a frame outside the contract
	CloseUnauthenticated = 4501 // no valid bearer in time
	CloseSessionEnded    = 4503
	CloseRevoked         = 4504
	CloseTooManyFrames   = 4505 // the client exceeds its byte limit with pings, fragments or data
	CloseReplaced        = 4506 // newer connections of the same session have replaced it
)

// reasons are the public texts of the codes. Internal causes are logged only.
var reasons = map[int]string{
	CloseGoingAway:       "the server is restarting",
	CloseSlow:            "too slow",
	CloseUnavailable:     "unavailable",
	CloseMalformed:       "malformed frame",
	CloseUnauthenticated: "not authenticated",
	CloseSessionEnded:    "session over",
	CloseRevoked:         "revoked",
	CloseTooManyWaiting:  "too many connections",
	CloseTooManyFrames:   "too many frames",
	CloseReplaced:        "replaced",
}

// closeCodeOf returns the close code for a bearer or session that was refused with err. For other refusals it returns
// otherwise.
func closeCodeOf(err error, otherwise int) int {
	switch verify.CodeOf(err) {
	case verify.CodeSessionEnded:
		return CloseSessionEnded
	case verify.CodeUnavailable, "": // an error without a code is internal
		return CloseUnavailable
	}
	return otherwise
}
