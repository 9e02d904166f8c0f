package demo

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/app"
)

func TestTheDemosClockStandsWhileItIsHeldAndRunsOnFromThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := app.SystemClock()
		var c clock
		for _, step := range []struct {
			name string
			do   func()
			want time.Duration // since the beginning, on the demo's clock
		}{
			{"it runs with the machine's clock", func() { <-time.After(time.Second) }, time.Second},
			{"it is moved forward", func() { c.Advance(time.Minute) }, time.Minute + time.Second},
			{"it stands while it is held", func() { c.Hold(true); <-time.After(time.Hour) }, time.Minute + time.Second},
			{"to hold it again changes nothing", func() { c.Hold(true); <-time.After(time.Hour) }, time.Minute + time.Second},
			{"a held clock is moved forward", func() { c.Advance(time.Minute) }, 2*time.Minute + time.Second},
			{"it runs on from where it stood", func() { c.Hold(false); <-time.After(time.Second) }, 2*time.Minute + 2*time.Second},
			{"to let it run again changes nothing", func() { c.Hold(false) }, 2*time.Minute + 2*time.Second},
		} {
			step.do()
			if got := c.Now().Sub(begin); got != step.want {
				t.Fatalf("%s: %s, want %s", step.name, got, step.want)
			}
		}
	})
}
