package quota

import (
	"fmt"
	"math"
	"time"
)

// Status is the use of a quota as the pod and the API show it.
type Status struct {
	Name    string
	Used    int64
	Limit   int64
	FreesAt time.Time
}

// warnFrom is the share of a limit, in percent, from which technicians are told.
const warnFrom = 80

// low tells whether little is left.
func (s Status) low() bool { return s.Limit > 1 && s.Used*100 >= s.Limit*warnFrom }

// Refusal is a quota that lets no message through, and for how long.
type Refusal struct {
	Quota  Status // of [Cooldown] and [Pumping]: the name and the time only
	Wait   time.Duration
	Public string // for people
}

func (s Status) refusal(now time.Time) *Refusal {
	wait := max(s.FreesAt.Sub(now), time.Millisecond)
	if s.Name == Cooldown {
		seconds := int(math.Ceil(wait.Seconds()))
		return &Refusal{
			Quota: s, Wait: wait,
			Public: "A message was just sent here. Wait " + counted(seconds, "second", "seconds") + " before the next.",
		}
	}
	return &Refusal{Quota: s, Wait: wait, Public: fmt.Sprintf("%s It frees in %s.", exhausted[s.Name], inWords(wait))}
}

func pausedUntil(until, now time.Time) *Refusal {
	return &Refusal{
		Quota: Status{Name: Pumping, FreesAt: until}, Wait: until.Sub(now),
		Public: "Texts to numbers like this one are paused, because too few came back. Try e-mail, or tell your admin.",
	}
}

var exhausted = map[string]string{
	"quota_destination_day":   "This address or number has had all the messages that it may get in a day.",
	"quota_prefix_hour":       "Too many texts went to numbers like this one. Try e-mail.",
	"quota_technician_minute": "You have sent all that one technician may send in a minute.",
	"quota_technician_hour":   "You have sent all that one technician may send in an hour.",
	"quota_client_hour":       "All that this client may be sent in an hour is sent.",
	"quota_country_hour":      "Too many texts went to this number's country. Try e-mail.",
	"quota_tenant_minute":     "All that your company may send in a minute is sent.",
	"quota_tenant_day":        "All that your company may send in a day is sent. Tell your admin.",
	"quota_tenant_spend_day":  "Your company's money for texts is spent for the day. Try e-mail, and tell your admin.",
}

// inWords says how long, no finer than helps.
func inWords(d time.Duration) string {
	switch seconds := int(math.Ceil(d.Seconds())); {
	case seconds < 90:
		return counted(seconds, "second", "seconds")
	case seconds < 90*60:
		return counted((seconds+59)/60, "minute", "minutes")
	default:
		return counted((seconds+3599)/3600, "hour", "hours")
	}
}

// counted says how many of a unit of time there are.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
