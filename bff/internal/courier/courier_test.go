package courier_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

var _ courier.Reporter = (*verify.Service)(nil)

func TestAResultIsWrittenInTheOrderThatIsSafeAgainstCrashes(t *testing.T) {
	cause := errors.New("the carrier's words")
	for _, c := range []struct {
		name string
		send senderFunc
		job  func(string) verify.Job
		want []string
	}{
		{"taken: reported, then settled", accept, textJob, []string{
			"v1 report sent reason= carrier=pigeon to acme",
			"v1 settle sent ref=ring-7 cause=",
		}},
		{"a mail is taken", accept, mailJob, []string{
			"v1 report sent reason= carrier=pigeon to acme",
			"v1 settle sent ref=ring-7 cause=",
		}},
		{"temporary: queued again, then reported", failWith(&courier.Fault{Kind: courier.Temporary, Err: cause}), textJob, []string{
			"v1 retry in 500ms: the carrier's words",
			"v1 report delayed reason=carrier_down carrier= to acme",
		}},
		{"temporary with a delay: at least that delay", failWith(&courier.Fault{Kind: courier.Temporary, RetryAfter: 40 * time.Second, Err: cause}), textJob, []string{
			"v1 retry in 40.5s: the carrier's words",
			"v1 report delayed reason=carrier_down carrier= to acme",
		}},
		{
			"temporary for the fifth time: a longer delay", failWith(&courier.Fault{Kind: courier.Temporary, Err: cause}),
			func(id string) verify.Job { j := textJob(id); j.Attempts = 4; return j },
			[]string{
				"v1 retry in 8s: the carrier's words",
				"v1 report delayed reason=carrier_down carrier= to acme",
			},
		},
		{
			"temporary for the hundredth time: the longest delay", failWith(&courier.Fault{Kind: courier.Temporary, Err: cause}),
			func(id string) verify.Job { j := textJob(id); j.Attempts = 99; return j },
			[]string{
				"v1 retry in 10s: the carrier's words",
				"v1 report delayed reason=carrier_down carrier= to acme",
			},
		},
		{"temporary until the verification has ended: reported now", failWith(&courier.Fault{Kind: courier.Temporary, RetryAfter: 5 * time.Minute, Err: cause}), textJob, []string{
			"v1 report failed reason=carrier_down carrier= to acme",
			"v1 settle dead ref= cause=the carrier's words",
		}},
		{"an unreachable recipient", failWith(&courier.Fault{Kind: courier.Rejected, Reason: verify.ReasonInvalidRecipient, Err: cause}), textJob, []string{
			"v1 report failed reason=invalid_recipient carrier= to acme",
			"v1 settle failed ref= cause=the carrier's words",
		}},
		{"a recipient who is blocked", failWith(&courier.Fault{Kind: courier.Rejected, Reason: verify.ReasonBlocked, Err: cause}), mailJob, []string{
			"v1 report failed reason=blocked carrier= to acme",
			"v1 settle failed ref= cause=the carrier's words",
		}},
		{"an account that is refused", failWith(&courier.Fault{Kind: courier.Misconfigured, Err: cause}), textJob, []string{
			"v1 report failed reason=carrier_misconfigured carrier= to acme",
			"v1 settle failed ref= cause=the carrier's words",
		}},
		{"no response: indeterminate, and never sent again", failWith(&courier.Fault{Kind: courier.Indeterminate, Err: cause}), textJob, []string{
			"v1 report indeterminate reason=indeterminate carrier= to acme",
			"v1 settle indeterminate ref= cause=the carrier's words",
		}},
		{"an error that is no fault is indeterminate, and its text is not kept", failWith(errors.New("to " + mobile)), textJob, []string{
			"v1 report indeterminate reason=indeterminate carrier= to acme",
			"v1 settle indeterminate ref= cause=unsorted *errors.errorString",
		}},
		{"a library that panics is indeterminate", func(context.Context, courier.OutgoingMessage) (courier.Result, error) { panic(mobile) }, textJob, []string{
			"v1 report indeterminate reason=indeterminate carrier= to acme",
			"v1 settle indeterminate ref= cause=the carrier's library panicked (string)",
		}},
		{
			"a verification that has ended is not sent", accept,
			func(id string) verify.Job { j := textJob(id); j.ExpiresAt = time.Now(); return j },
			[]string{"v1 settle dead ref= cause=its verification ended first"},
		},
		{
			"a method without a text is not sent", accept,
			func(id string) verify.Job { j := textJob(id); j.Method = "smoke"; return j },
			[]string{
				"v1 report failed reason=carrier_misconfigured carrier= to acme",
				`v1 settle failed ref= cause=no text message for method "smoke"`,
			},
		},
		{
			"a message that can't be unsealed is reported", accept,
			func(id string) verify.Job { return verify.Job{ID: id, Tenant: "acme", Method: channel.SMSCode} },
			[]string{
				"v1 report failed reason=carrier_misconfigured carrier= to acme",
				"v1 settle failed ref= cause=its seal can't be opened: was the master key changed?",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &fakeOutbox{}
				o.enqueue(c.job("v1"))
				runCourier(t, o, c.send, nil)
				if diff := cmp.Diff(c.want, o.written()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestASendEndsWithTheVerificationOrTheTimeout(t *testing.T) {
	for left, want := range map[time.Duration]time.Duration{
		5 * time.Minute: 9 * time.Second, 3 * time.Second: 3 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			o := &fakeOutbox{}
			j := textJob("v1")
			j.ExpiresAt = time.Now().Add(left)
			o.enqueue(j)
			var took time.Duration
			runCourier(t, o, func(ctx context.Context, _ courier.OutgoingMessage) (courier.Result, error) {
				began := time.Now()
				<-ctx.Done()
				took = time.Since(began)
				return courier.Result{}, ctx.Err()
			}, nil)
			advance(time.Minute)
			if took != want {
				t.Errorf("with %s left a send had %s, want %s", left, took, want)
			}
			if diff := cmp.Diff([]string{
				"v1 report indeterminate reason=indeterminate carrier= to acme",
				"v1 settle indeterminate ref= cause=unsorted context.deadlineExceededError",
			}, o.written()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAMessageThatWaitedStatesItsRemainingValidity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &fakeOutbox{}
		o.enqueueAt(textJob("v1"), time.Now().Add(3*time.Minute))
		var text string
		runCourier(t, o, func(_ context.Context, p courier.OutgoingMessage) (courier.Result, error) {
			text = p.Text
			return courier.Result{}, nil
		}, nil)
		advance(4 * time.Minute)
		if !strings.Contains(text, " Valid 2 min. ") {
			t.Errorf("the text says %q, want it to say: Valid 2 min.", text)
		}
	})
}

func TestStoppingWaitsForMessagesInFlightAndClaimsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &fakeOutbox{}
		o.enqueue(textJob("v1"))
		r := runCourier(t, o, func(ctx context.Context, _ courier.OutgoingMessage) (courier.Result, error) {
			select {
			case <-time.After(4 * time.Second):
			case <-ctx.Done():
			}
			return courier.Result{Carrier: "pigeon"}, ctx.Err()
		}, nil)
		r.stop()
		o.enqueue(textJob("v2"))
		advance(3 * time.Second)
		select {
		case <-r.stopped:
			t.Fatal("Run returned while a message was under way")
		default:
		}
		advance(time.Second)
		<-r.stopped
		if diff := cmp.Diff([]string{
			"v1 report sent reason= carrier=pigeon to acme", "v1 settle sent ref= cause=",
		}, o.written()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAWakeSendsAtOnceAndAScheduledJobIsSentOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &fakeOutbox{}
		began := time.Now()
		var sent []string
		r := runCourier(t, o, func(_ context.Context, p courier.OutgoingMessage) (courier.Result, error) {
			sent = append(sent, fmt.Sprintf("%s after %s", p.ID, time.Since(began)))
			return courier.Result{}, nil
		}, nil)
		advance(time.Second)
		o.enqueue(textJob("woken"))
		for range 1000 {
			r.waker.WakeAll()
		}
		synctest.Wait()
		o.enqueueAt(textJob("due"), began.Add(8*time.Second))
		advance(20 * time.Second)
		o.enqueue(textJob("untold")) // by a node that stopped before Wake
		advance(6 * time.Second)
		if diff := cmp.Diff([]string{"woken after 1s", "due after 8s", "untold after 23s"}, sent); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnIdleCourierPollsEveryFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &fakeOutbox{}
		runCourier(t, o, accept, nil)
		advance(time.Hour)
		for _, kind := range []channel.Kind{channel.Email, channel.Phone} {
			if n := o.claims[kind]; n < 715 || n > 721 {
				t.Errorf("%d looks at the outbox for %s, want about 720", n, kind)
			}
		}
	})
}

func TestWorkersBoundTheMessagesInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &fakeOutbox{}
		for i := range 100 {
			o.enqueue(textJob(fmt.Sprintf("v%02d", i)))
		}
		began := time.Now()
		var now, most atomic.Int64
		runCourier(t, o, func(context.Context, courier.OutgoingMessage) (courier.Result, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			<-time.After(100 * time.Millisecond)
			return courier.Result{}, nil
		}, func(c *courier.Config) { c.Workers = 8 })
		for len(o.written()) < 200 {
			advance(time.Millisecond)
		}
		if most.Load() != 8 {
			t.Errorf("%d messages were under way at once, want 8", most.Load())
		}
		if took := time.Since(began); took > 1500*time.Millisecond {
			t.Errorf("100 messages of 100 ms took 8 workers %s, want about 1.3 s", took)
		}
	})
}

func TestACarrierThatDoesNotRespondDelaysNoOtherKind(t *testing.T) {
	swallows := senderFunc(func(ctx context.Context, _ courier.OutgoingMessage) (courier.Result, error) {
		<-ctx.Done()
		return courier.Result{}, ctx.Err()
	})
	for _, c := range []struct {
		name         string
		hangs, other func(id string) verify.Job
		carriers     staticCarriers
	}{
		{"texting hangs, and an e-mail goes out at once", textJob, mailJob, carriersOf(senderFunc(accept), swallows)},
		{"mailing hangs, and a text goes out at once", mailJob, textJob, carriersOf(swallows, senderFunc(accept))},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &fakeOutbox{}
				for i := range 3 {
					o.enqueue(c.hangs(fmt.Sprint("stuck", i)))
				}
				r := runCourier(t, o, accept, func(config *courier.Config) {
					config.Workers, config.Carriers = 2, c.carriers
				})
				o.enqueue(c.other("v1"))
				r.waker.WakeAll()
				advance(10 * time.Millisecond)
				if diff := cmp.Diff([]string{
					"v1 report sent reason= carrier=pigeon to acme", "v1 settle sent ref=ring-7 cause=",
				}, o.written()); diff != "" {
					t.Error(diff)
				}
				advance(25 * time.Second)
				if n := len(o.written()); n != 2+2*3 {
					t.Errorf("%d steps were written, want 8: each of the stuck ones is reported", n)
				}
			})
		})
	}
}

func TestALapsedJobIsReportedAsIndeterminateAndThenSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &fakeOutbox{}
		var want []string
		lapse := func(id string) {
			o.lapse(verify.Job{ID: id, Tenant: "acme"})
			want = append(want, id+" report indeterminate reason=indeterminate carrier= to acme", id+" settle indeterminate ref= cause=its sender went silent")
		}
		for i := range 150 {
			lapse(fmt.Sprintf("v%03d", i))
		}
		runCourier(t, o, accept, nil)
		advance(100 * time.Millisecond) // two claims
		if diff := cmp.Diff(want, o.written()); diff != "" {
			t.Errorf("on start: %s", diff)
		}
		lapse("later")
		advance(time.Minute)
		if diff := cmp.Diff(want, o.written()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALapsedJobIsReportedAgainUntilItIsSettled(t *testing.T) {
	for _, step := range []string{"report", "settle"} {
		synctest.Test(t, func(t *testing.T) {
			back := time.Now().Add(time.Minute)
			o := &fakeOutbox{fail: func(s string) error {
				if strings.HasPrefix(s, "v1 "+step) && time.Now().Before(back) {
					return &verify.Error{Code: verify.CodeUnavailable}
				}
				return nil
			}}
			o.lapse(verify.Job{ID: "v1", Tenant: "acme"})
			runCourier(t, o, accept, nil)
			advance(2 * time.Minute)
			got := o.written()
			reported := "v1 report indeterminate reason=indeterminate carrier= to acme"
			if n := len(got); n < 2 || got[n-2] != reported || got[n-1] != "v1 settle indeterminate ref= cause=its sender went silent" {
				t.Errorf("no %s was written for a minute, and then: %q", step, got)
			}
			if n := len(slices.DeleteFunc(got, func(s string) bool { return s != reported })); step == "settle" && n != 2 {
				t.Errorf("it was reported %d times in two leases, want 2", n)
			}
		})
	}
}

func TestAResultIsWrittenWhenTheStoreIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(5 * time.Second)
		o := &fakeOutbox{}
		o.fail = func(step string) error {
			if strings.HasPrefix(step, "v1") && time.Now().Before(back) {
				return &verify.Error{Code: verify.CodeUnavailable}
			}
			return nil
		}
		o.enqueue(textJob("v1"))
		runCourier(t, o, accept, nil)
		advance(20 * time.Second)
		if diff := cmp.Diff([]string{
			"v1 report sent reason= carrier=pigeon to acme", "v1 settle sent ref=ring-7 cause=",
		}, o.written()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAResultThatCantBeWrittenIsRetriedUntilTheLeaseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &fakeOutbox{}
		var last time.Time
		began := time.Now()
		o.fail = func(step string) error {
			if !strings.HasPrefix(step, "v1") {
				return nil
			}
			last = time.Now()
			return &verify.Error{Code: verify.CodeUnavailable}
		}
		o.enqueue(textJob("v1"))
		r := runCourier(t, o, accept, nil)
		advance(time.Minute)
		if held := last.Sub(began); held < 20*time.Second || held > 28*time.Second {
			t.Errorf("it was tried for %s, want until 28 s at most: the lease ends at 30", held)
		}
		if !strings.Contains(r.log.String(), `"the result of a job can't be recorded" job=v1 tenant=acme step="settle as sent"`) {
			t.Errorf("the log does not contain it: %s", r.log)
		}
	})
}

func TestAFailedClaimIsRetriedOncePerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &fakeOutbox{fail: func(string) error { return &verify.Error{Code: verify.CodeUnavailable} }}
		r := runCourier(t, o, accept, nil)
		for range 100 {
			r.waker.WakeAll()
			advance(100 * time.Millisecond)
		}
		for kind, n := range o.claims {
			if n > 11 {
				t.Errorf("%d claims for %s in ten seconds, want one a second", n, kind)
			}
		}
	})
}

// Row 25: the log never holds a code, a token or a destination, after any fault.
func TestThreat_25_NeitherSecretsNorDestinationsReachTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &fakeOutbox{}
		var n atomic.Int64
		faults := []error{
			nil,
			&courier.Fault{Kind: courier.Temporary, Err: errors.New("busy")},
			&courier.Fault{Kind: courier.Rejected, Reason: verify.ReasonInvalidRecipient, Err: errors.New("refused")},
			&courier.Fault{Kind: courier.Misconfigured, Err: errors.New("setup")},
			&courier.Fault{Kind: courier.Indeterminate, Err: errors.New("indeterminate")},
			fmt.Errorf("%s %s %s %s", mobile, mailAddress, secretCode, secretToken),
		}
		for i := range faults {
			o.enqueue(textJob(fmt.Sprint("text", i)), mailJob(fmt.Sprint("mail", i)))
		}
		var r *runningCourier
		r = runCourier(t, o, func(_ context.Context, p courier.OutgoingMessage) (courier.Result, error) {
			if r != nil {
				panic(p)
			}
			return courier.Result{}, faults[n.Add(1)%int64(len(faults))]
		}, func(c *courier.Config) { c.Workers = 1 })
		o.enqueue(textJob("panics"))
		r.waker.WakeAll()
		advance(time.Minute)
		text := r.log.String() + strings.Join(o.written(), "\n")
		for _, secret := range []string{mobile, mobile[1:], mailAddress, secretCode, "482 913", secretToken, "Dana"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in the log or in a cause:\n%s", secret, text)
			}
		}
		if lines := strings.Count(r.log.String(), "\n"); lines < 10 {
			t.Errorf("only %d lines were logged: %s", lines, r.log)
		}
		r.log.Reset()
	})
}

func TestThreat_25_AMessageIsLoggedByItsIDsOnly(t *testing.T) {
	p := courier.OutgoingMessage{ID: "v1", Tenant: "acme", To: mobile, Text: secretCode}
	if got, want := p.LogValue().String(), "[job=v1 tenant=acme]"; got != want {
		t.Errorf("it logs as %q, want %q", got, want)
	}
}
