package courier

import (
	"errors"
	"fmt"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// FaultKind is the consequence of a failed send.
type FaultKind int

// The kinds of fault. The zero value is the cautious one.
const (
	Indeterminate FaultKind = iota // the carrier may have accepted the message: it is not sent again
	Temporary                      // the carrier did not accept the message and may accept it later
	Rejected                       // the carrier never accepts the message: see Reason
	Misconfigured                  // the carrier refuses the account or its settings: an operator must act
	Unsupported                    // the carrier can't send to such a recipient, another carrier may: see Reason
)

// Fault is the error of a failed send.
type Fault struct {
	Kind       FaultKind
	Reason     verify.Code   // for Rejected and Unsupported
	RetryAfter time.Duration // for Temporary: the delay that the carrier asks for
	Err        error         // for logs and the job: without recipient, secret or credential
	NextStep   string        // for Misconfigured: what an operator must change, a sentence without a full stop; empty: unknown
}

// Error returns the cause and the next step.
func (f *Fault) Error() string {
	if f.NextStep == "" {
		return f.Err.Error()
	}
	return f.Err.Error() + ". " + f.NextStep
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// faultOf converts an error of a Sender. Of an error that is no Fault only the type is kept, because its text may hold
// personal data.
func faultOf(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Kind: Indeterminate, Err: fmt.Errorf("unsorted %T", err)}
}
