package courier

import (
	"errors"
	"fmt"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// FaultKind says what a failed send means for the message.
type FaultKind int

// The kinds of fault. The zero value is the careful one.
const (
	Unsure      FaultKind = iota // the carrier may have the message: it is not sent again
	Busy                         // the carrier has not taken it and may do so later
	Refused                      // the carrier will never take it: Reason says why
	Setup                        // the carrier refuses our account or settings: somebody must act
	Unsupported                  // the carrier can't send to such a recipient, another one may: Reason says why
)

// Fault is why a send failed, sorted by what to do about it.
type Fault struct {
	Kind       FaultKind
	Reason     verify.Code   // of Refused and Unsupported
	RetryAfter time.Duration // of Busy: what the carrier asks for
	Err        error         // for logs and the outbox: names no recipient, no secret and no credential
}

// Error gives the cause.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// faultOf sorts an error of a Sender. What is no Fault may say anything, so only its type is kept.
func faultOf(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Kind: Unsure, Err: fmt.Errorf("unsorted %T", err)}
}
