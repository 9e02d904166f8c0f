package quota_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/bff/internal/quota"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestForSend(t *testing.T) {
	l := quota.Limits{
		TechnicianMinute: 1, TechnicianHour: 2, ClientHour: 3, TenantMinute: 4, TenantDay: 5, PrefixHour: 6, CountryHour: 7,
		TenantSpendDay: 8, Prices: map[string]int64{"DE": 75, quota.AnyCountry: 50}, PumpingFloor: 10, PumpingPause: time.Hour,
	}
	type counted struct {
		Name, Key     string
		Limit, Amount int64
	}
	mail := []counted{
		{"quota_technician_minute", "ana", 1, 1}, {"quota_technician_hour", "ana", 2, 1}, {"quota_client_hour", "contoso", 3, 1},
		{"quota_tenant_minute", "", 4, 1}, {"quota_tenant_day", "", 5, 1},
	}
	for _, row := range []struct {
		name string
		give quota.Send
		want []counted
	}{
		{"an e-mail counts on the technician, the client and the tenant", quota.Send{Technician: "ana", Client: "contoso"}, mail},
		{"a text counts on its block, country and price too", quota.Send{Technician: "ana", Client: "contoso", Prefix: "block", Country: "DE"}, append(mail[:5:5],
			counted{"quota_prefix_hour", "block", 6, 1}, counted{"quota_country_hour", "DE", 7, 1}, counted{"quota_tenant_spend_day", "", 8, 75})},
		{"a country without a price has that of all others", quota.Send{Technician: "ana", Client: "contoso", Prefix: "block", Country: "FR"}, append(mail[:5:5],
			counted{"quota_prefix_hour", "block", 6, 1}, counted{"quota_country_hour", "FR", 7, 1}, counted{"quota_tenant_spend_day", "", 8, 50})},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []counted
			pumping := false
			for _, q := range l.ForSend(row.give) {
				if pumping = q.Name == quota.Pumping; !pumping {
					got = append(got, counted{q.Name, q.Key, q.Limit, q.Amount})
				} else if q.Key != "block" || q.Pause != time.Hour {
					t.Errorf("the alarm watches %q and pauses it for up to %s", q.Key, q.Pause)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if want := row.give.Prefix != ""; pumping != want {
				t.Errorf("the last quota is the alarm's: %t, want %t", pumping, want)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	hour := quota.Quota{Name: "quota_client_hour", Window: time.Hour, Limit: 10, Amount: 1}
	spend := quota.Quota{Name: "quota_tenant_spend_day", Window: 24 * time.Hour, Limit: 1000, Amount: 50}
	began := noon.Add(-20 * time.Minute)
	for _, row := range []struct {
		name    string
		quotas  []quota.Quota
		uses    []quota.Usage
		want    []quota.Status
		refused *quota.Refusal
	}{
		{"below four fifths nothing is told", []quota.Quota{hour}, []quota.Usage{{Used: 7, Began: began}}, nil, nil},
		{"from four fifths on it is told", []quota.Quota{hour}, []quota.Usage{{Used: 8, Began: began}}, []quota.Status{{Name: hour.Name, Used: 8, Limit: 10, FreesAt: noon.Add(40 * time.Minute)}}, nil},
		{"the last one goes out", []quota.Quota{hour}, []quota.Usage{{Used: 10, Began: began}}, []quota.Status{{Name: hour.Name, Used: 10, Limit: 10, FreesAt: noon.Add(40 * time.Minute)}}, nil},
		{"one more is refused, and does not count", []quota.Quota{hour}, []quota.Usage{{Used: 11, Began: began}}, nil, &quota.Refusal{
			Quota: quota.Status{Name: hour.Name, Used: 10, Limit: 10, FreesAt: noon.Add(40 * time.Minute)}, Wait: 40 * time.Minute,
			Public: "All that this client may be sent in an hour is sent. It frees in 40 minutes.",
		}},
		{"money that would be passed refuses", []quota.Quota{spend}, []quota.Usage{{Used: 1010, Began: noon.Add(-time.Hour)}}, nil, &quota.Refusal{
			Quota: quota.Status{Name: spend.Name, Used: 960, Limit: 1000, FreesAt: noon.Add(23 * time.Hour)}, Wait: 23 * time.Hour,
			Public: "Your company's money for texts is spent for the day. Try e-mail, and tell your admin. It frees in 23 hours.",
		}},
		{"a refusal drops the warnings", []quota.Quota{hour, spend}, []quota.Usage{{Used: 9, Began: began}, {Used: 1001, Began: noon.Add(-23*time.Hour - 59*time.Minute)}}, nil, &quota.Refusal{
			Quota: quota.Status{Name: spend.Name, Used: 951, Limit: 1000, FreesAt: noon.Add(time.Minute)}, Wait: time.Minute,
			Public: "Your company's money for texts is spent for the day. Try e-mail, and tell your admin. It frees in 60 seconds.",
		}},
		{"a pause refuses before any limit", []quota.Quota{hour}, []quota.Usage{{Used: 1, Began: began, Paused: noon.Add(time.Hour)}}, nil, &quota.Refusal{
			Quota: quota.Status{Name: quota.Pumping, FreesAt: noon.Add(time.Hour)}, Wait: time.Hour,
			Public: "Texts to numbers like this one are paused, because too few came back. Try e-mail, or tell your admin.",
		}},
		{"a pause that ends now is over", []quota.Quota{hour}, []quota.Usage{{Used: 1, Began: began, Paused: noon}}, nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			warnings, refused := quota.Judge(row.quotas, row.uses, noon)
			if diff := cmp.Diff(row.want, warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(row.refused, refused); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJudgeDestination(t *testing.T) {
	l := quota.Limits{DestinationDay: 5}
	first := noon.Add(-10 * time.Hour)
	frees := noon.Add(14 * time.Hour)
	day := func(used int64) quota.Status {
		return quota.Status{Name: "quota_destination_day", Used: used, Limit: 5, FreesAt: frees}
	}
	for _, row := range []struct {
		name    string
		n       int64
		last    time.Time
		want    []quota.Status
		refused *quota.Refusal
	}{
		{"a second one after the cooldown goes out", 1, noon.Add(-time.Minute), nil, nil},
		{"within the cooldown it waits for the rest of it", 1, noon.Add(-59 * time.Second), nil, &quota.Refusal{
			Quota: quota.Status{Name: quota.Cooldown, FreesAt: noon.Add(time.Second)}, Wait: time.Second,
			Public: "A message was just sent here. Wait 1 second before the next.",
		}},
		{"after a clock that was set back it waits no longer than the cooldown", 1, noon.Add(time.Hour), nil, &quota.Refusal{
			Quota: quota.Status{Name: quota.Cooldown, FreesAt: noon.Add(time.Minute)}, Wait: time.Minute,
			Public: "A message was just sent here. Wait 60 seconds before the next.",
		}},
		{"the last but one of the day is told", 3, noon.Add(-time.Hour), []quota.Status{day(4)}, nil},
		{"the day's last goes out", 4, noon.Add(-time.Hour), []quota.Status{day(5)}, nil},
		{"one more is refused until the first is a day old", 5, noon.Add(-time.Hour), nil, &quota.Refusal{
			Quota: day(5), Wait: 14 * time.Hour,
			Public: "This address or number has had all the messages that it may get in a day. It frees in 14 hours.",
		}},
		{"the cooldown is named before the day's limit", 5, noon, nil, &quota.Refusal{
			Quota: quota.Status{Name: quota.Cooldown, FreesAt: noon.Add(time.Minute)}, Wait: time.Minute,
			Public: "A message was just sent here. Wait 60 seconds before the next.",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			warnings, refused := l.JudgeDestination(row.n, first, row.last, time.Minute, noon)
			if diff := cmp.Diff(row.want, warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(row.refused, refused); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPumping(t *testing.T) {
	on := quota.Limits{PumpingFloor: 10, PumpingSample: 20, PumpingPause: time.Hour}
	off := on
	off.PumpingFloor = 0
	for _, row := range []struct {
		name         string
		limits       quota.Limits
		sent, proven int64
		samples      bool
		pumped       bool
	}{
		{"too few texts say nothing", on, 19, 0, false, true},
		{"of twenty texts none came back", on, 20, 0, true, true},
		{"of twenty texts one came back", on, 20, 1, true, true},
		{"of twenty texts a tenth came back", on, 20, 2, true, false},
		{"an alarm that is off judges nothing", off, 1000, 0, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.limits.Samples(row.sent); got != row.samples {
				t.Errorf("enough to judge: %t, want %t", got, row.samples)
			}
			if got := row.limits.Pumped(row.sent, row.proven); got != row.pumped {
				t.Errorf("pumped: %t, want %t", got, row.pumped)
			}
		})
	}
	text := quota.Send{Prefix: "block"}
	if q := off.ForSend(text); q[len(q)-1].Pause != 0 {
		t.Error("an alarm that is off lets pauses last")
	}
}
