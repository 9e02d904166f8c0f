package jobs

import "time"

// Backoff computes the delay before a job is attempted again. It keeps no state, because the number of attempts is stored
// with the job.
type Backoff struct {
	Base, Max time.Duration // the delay is Base·2ⁿ after n+1 attempts, at most Max
	// Full: the delay is random, from 0 to the whole delay, and comes on top of what the receiver asks for. Else a random
	// part of up to a quarter is added to the delay, or to what the receiver asks for in its place.
	Full bool
}

// maxDoublings keeps Base·2ⁿ within a time.Duration.
const maxDoublings = 20

// Delay returns the delay after an attempt. attempts is the number of attempts before it, retryAfter the delay that the
// receiver asks for (0: none), and random a number in [0,1), which spreads the retries of several jobs.
func (b Backoff) Delay(attempts int, retryAfter time.Duration, random float64) time.Duration {
	wait := min(b.Max, b.Base<<min(attempts, maxDoublings))
	retryAfter = max(retryAfter, 0)
	if b.Full {
		return retryAfter + time.Duration(random*float64(wait))
	}
	if retryAfter > 0 {
		wait = retryAfter
	}
	return wait + time.Duration(random*float64(wait)/4)
}
