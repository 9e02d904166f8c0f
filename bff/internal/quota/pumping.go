package quota

import (
	"math"
	"time"
)

// pumpingWindow is what the alarm looks at.
const pumpingWindow = 24 * time.Hour

// pause is how long the alarm pauses a block of numbers. Switched off it ends the pauses that there are.
func (l Limits) pause() time.Duration {
	if l.PumpingFloor == 0 {
		return 0
	}
	return l.PumpingPause
}

// Proven is the quota that counts the texts to a block of numbers whose code or link was used. It has no limit.
func Proven(prefix string) Quota {
	return Quota{Name: proven, Key: prefix, Window: pumpingWindow, Limit: math.MaxInt64, Amount: 1}
}

// Samples tells whether so many texts to a block of numbers are enough for the alarm to judge.
func (l Limits) Samples(sent int64) bool { return l.PumpingFloor != 0 && sent >= l.PumpingSample }

// Pumped tells whether too few of the texts to a block of numbers came back as proofs.
func (l Limits) Pumped(sent, proven int64) bool { return proven*100 < sent*int64(l.PumpingFloor) }
