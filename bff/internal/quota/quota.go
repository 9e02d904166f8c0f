// Package quota has the limits on messages, what was used of them, and the detection of pumped texts.
//
// Start with [Limits]: ForSend lists the quotas that a send counts on, and [Judge] tells what their usage means. The
// package imports the standard library only. It counts nothing: the caller counts in the transaction of the send.
package quota

import (
	"math"
	"time"
)

// Limits are what a tenant's clients share: quotas in messages, and the alarm about pumped texts.
type Limits struct {
	DestinationDay   int64
	PrefixHour       int64 // texts to one block of numbers
	TechnicianMinute int64
	TechnicianHour   int64
	ClientHour       int64
	CountryHour      int64 // texts to one country
	TenantMinute     int64
	TenantDay        int64
	TenantSpendDay   int64            // thousandths of the tenant's currency
	Prices           map[string]int64 // of a text, by country, [AnyCountry] for all others: thousandths of the tenant's currency
	PumpingFloor     int              // percent of the texts to a block that must come back as proofs; 0: no alarm
	PumpingSample    int64            // texts before the alarm judges
	PumpingPause     time.Duration
}

// AnyCountry stands for the countries that have no price of their own.
const AnyCountry = "*"

func (l Limits) price(country string) int64 {
	if price, set := l.Prices[country]; set {
		return price
	}
	return l.Prices[AnyCountry]
}

// Quota is how much of something may be done in a window of time.
type Quota struct {
	Name   string // as the policy's field, or one of the names below
	Key    string // of what is counted: an id, or a keyed hash
	Window time.Duration
	Limit  int64
	Amount int64         // of this send: 1, or its price
	Pause  time.Duration // that it may have before it at most
}

// Names of quotas that are no fields of the policy.
const (
	Cooldown = "cooldown"       // of a destination
	Pumping  = "pumping"        // texts to a block of numbers
	proven   = "pumping_proven" // those that came back
)

// DestinationWindow is the day of quota_destination_day.
const DestinationWindow = 24 * time.Hour

// Usage is how a quota stands.
type Usage struct {
	Used   int64 // in the window, this send included
	Began  time.Time
	Paused time.Time // zero: it is not
}

// Send is what the quotas of a message depend on.
type Send struct {
	Technician string // id
	Client     string // id
	Prefix     string // keyed hash of the block that the number is of; empty for an e-mail
	Country    string // of the number
}

// ForSend gives all quotas that a send counts on; of an e-mail those that texts have beside are left out. That of
// [Pumping], if there is one, is the last.
func (l Limits) ForSend(s Send) []Quota {
	list := []Quota{
		{Name: "quota_technician_minute", Key: s.Technician, Window: time.Minute, Limit: l.TechnicianMinute, Amount: 1},
		{Name: "quota_technician_hour", Key: s.Technician, Window: time.Hour, Limit: l.TechnicianHour, Amount: 1},
		{Name: "quota_client_hour", Key: s.Client, Window: time.Hour, Limit: l.ClientHour, Amount: 1},
		{Name: "quota_tenant_minute", Window: time.Minute, Limit: l.TenantMinute, Amount: 1},
		{Name: "quota_tenant_day", Window: 24 * time.Hour, Limit: l.TenantDay, Amount: 1},
	}
	if s.Prefix == "" {
		return list
	}
	return append(list,
		Quota{Name: "quota_prefix_hour", Key: s.Prefix, Window: time.Hour, Limit: l.PrefixHour, Amount: 1},
		Quota{Name: "quota_country_hour", Key: s.Country, Window: time.Hour, Limit: l.CountryHour, Amount: 1},
		Quota{Name: "quota_tenant_spend_day", Window: 24 * time.Hour, Limit: l.TenantSpendDay, Amount: l.price(s.Country)},
		Quota{Name: Pumping, Key: s.Prefix, Window: pumpingWindow, Limit: math.MaxInt64, Amount: 1, Pause: l.pause()},
	)
}

// Judge tells what the usage of each quota means for the send that it includes: the first one that is paused or over
// its limit refuses the send. Warnings are the quotas of which little is left.
func Judge(quotas []Quota, uses []Usage, now time.Time) (warnings []Status, refused *Refusal) {
	for i, q := range quotas {
		use := uses[i]
		if use.Paused.After(now) {
			return nil, pausedUntil(use.Paused, now)
		}
		at := Status{Name: q.Name, Used: use.Used, Limit: q.Limit, FreesAt: use.Began.Add(q.Window)}
		switch {
		case use.Used > q.Limit:
			at.Used -= q.Amount
			return nil, at.refusal(now)
		case q.Name != Pumping && at.low():
			warnings = append(warnings, at)
		}
	}
	return warnings, nil
}

// JudgeDestination refuses too many messages to one person: the cooldown first, then the day's limit. It warns when little
// of the limit is left. n messages were sent to the person within [DestinationWindow], at least one, and these are the
// times of the first and the last.
func (l Limits) JudgeDestination(n int64, first, last time.Time, cooldown time.Duration, now time.Time) ([]Status, *Refusal) {
	day := Status{Name: "quota_destination_day", Used: n + 1, Limit: l.DestinationDay, FreesAt: first.Add(DestinationWindow)}
	switch wait := last.Add(cooldown).Sub(now); {
	case wait > 0:
		return nil, Status{Name: Cooldown, FreesAt: now.Add(min(wait, cooldown))}.refusal(now)
	case n >= day.Limit:
		day.Used = n
		return nil, day.refusal(now)
	case day.low():
		return []Status{day}, nil
	}
	return nil, nil
}
