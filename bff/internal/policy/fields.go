package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/locale"
	"github.com/shieldpod/shieldpod/bff/internal/quota"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// Field is one field of a policy: its name in the contract, what it may hold, and how it is read and written.
type Field struct {
	Name       string
	Range      string // in words
	TenantOnly bool   // clients can't override it

	read  func(value json.RawMessage, into *Policy) error
	write func(Policy) any
}

// Fields lists every field of a policy, in the contract's order.
var Fields = []Field{
	{Name: "methods", Range: "one or more of email_link, sms_link, sms_code, email_code", read: readMethods, write: func(p Policy) any { return p.Methods }},
	word("override_note", func(p *Policy) *NoteRule { return &p.OverrideNote }, NoteOff, NoteOptional, NoteRequired),
	{Name: "note_presets", Range: "up to 10 texts of 3 to 80 characters", read: readPresets, write: func(p Policy) any { return p.NotePresets }},
	{Name: "banner", Range: "up to 500 characters of text; tone info, warning or critical; from, until", read: readBanner, write: func(p Policy) any { return p.Banner }},
	yes("show_on_load", func(p *Policy) *bool { return &p.ShowOnLoad }),
	seconds("link_validity_seconds", func(p *Policy) *time.Duration { return &p.LinkValidity }, 60, 3600),
	seconds("code_validity_seconds", func(p *Policy) *time.Duration { return &p.CodeValidity }, 60, 600),
	count("code_length", func(p *Policy) *int { return &p.CodeLength }, 6, 8),
	count("tries_per_code", func(p *Policy) *int { return &p.TriesPerCode }, 1, 10),
	count("failures_before_lock", func(p *Policy) *int { return &p.FailuresBeforeLock }, 3, 100),
	seconds("resend_cooldown_seconds", func(p *Policy) *time.Duration { return &p.ResendCooldown }, 10, 600),
	seconds("verified_for_seconds", func(p *Policy) *time.Duration { return &p.VerifiedFor }, 60, 86_400),
	word("verified_scope", func(p *Policy) *Scope { return &p.VerifiedScope }, ScopeContact, ScopeTicket),
	count("history_entries", func(p *Policy) *int { return &p.HistoryEntries }, 0, MaxHistoryEntries),
	yes("number_matching", func(p *Policy) *bool { return &p.NumberMatching }),
	yes("ticket_note", func(p *Policy) *bool { return &p.TicketNote }),
	word("before_save", func(p *Policy) *SaveRule { return &p.BeforeSave }, SaveOff, SaveWarn, SaveBlock),
	{Name: "sms_countries", Range: "up to 250 countries by their two capital letters; none: the tenant's own", read: readCountries, write: func(p Policy) any { return listed(p.SMSCountries) }},
	yes("sms_voip", func(p *Policy) *bool { return &p.SMSVoIP }),
	yes("sms_toll_free", func(p *Policy) *bool { return &p.SMSTollFree }),
	word("technician_address", func(p *Policy) *TechnicianRule { return &p.TechnicianAddress }, TechnicianOptional, TechnicianRequired),
	count("changed_channel_days", func(p *Policy) *int { return &p.ChangedDays }, 0, 90),
	word("changed_channels", func(p *Policy) *ChangeRule { return &p.ChangedChannels }, ChangeFlag, ChangeRefuse),
	{Name: "language", Range: "a language's tag, such as de or pt-BR", read: readLanguage, write: func(p Policy) any { return p.Language }},
	{Name: "time_zone", Range: "an IANA name, such as Europe/Berlin", read: readTimeZone, write: func(p Policy) any { return p.TimeZone }},
	limit("quota_destination_day", func(l *quota.Limits) *int64 { return &l.DestinationDay }, 1, 1000),
	limit("quota_prefix_hour", func(l *quota.Limits) *int64 { return &l.PrefixHour }, 1, most),
	limit("quota_technician_minute", func(l *quota.Limits) *int64 { return &l.TechnicianMinute }, 1, most),
	limit("quota_technician_hour", func(l *quota.Limits) *int64 { return &l.TechnicianHour }, 1, most),
	limit("quota_client_hour", func(l *quota.Limits) *int64 { return &l.ClientHour }, 1, most),
	limit("quota_country_hour", func(l *quota.Limits) *int64 { return &l.CountryHour }, 1, most),
	limit("quota_tenant_minute", func(l *quota.Limits) *int64 { return &l.TenantMinute }, 1, most),
	limit("quota_tenant_day", func(l *quota.Limits) *int64 { return &l.TenantDay }, 1, most),
	limit("quota_tenant_spend_day", func(l *quota.Limits) *int64 { return &l.TenantSpendDay }, 1, 1000*most),
	{Name: "sms_prices", Range: "by country, * for all others: 0 to 1000000 thousandths of the tenant's currency", TenantOnly: true, read: readPrices, write: func(p Policy) any { return p.Limits.Prices }},
	tenants(count("pumping_floor_percent", func(p *Policy) *int { return &p.Limits.PumpingFloor }, 0, 100)),
	limit("pumping_sample", func(l *quota.Limits) *int64 { return &l.PumpingSample }, 10, 10_000),
	tenants(seconds("pumping_pause_seconds", func(p *Policy) *time.Duration { return &p.Limits.PumpingPause }, 300, 86_400)),
}

// MaxHistoryEntries is the most of a contact's verifications that a pod shows at once.
const MaxHistoryEntries = 100

const (
	most       = 1_000_000_000
	maxPresets = 10
	presetMax  = 80
	bannerMax  = 500
	maxPrice   = 1_000_000
)

// canonical is the value as it is kept, if it fits.
func (f *Field) canonical(value json.RawMessage) (json.RawMessage, error) {
	var p Policy
	if err := f.read(value, &p); err != nil {
		var why *Error
		errors.As(err, &why)
		return nil, invalidField(f.Name, why.Public)
	}
	return f.format(p), nil
}

func (f *Field) format(p Policy) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(f.write(p)); err != nil {
		panic(fmt.Sprintf("policy field %s can't be written: %v", f.Name, err)) // plain values: they always can
	}
	return bytes.TrimSpace(b.Bytes())
}

func word[T ~string](name string, of func(*Policy) *T, words ...T) Field {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	said := strings.Join(list, ", ")
	return Field{
		Name: name, Range: said,
		read: func(value json.RawMessage, p *Policy) error {
			var w T
			if strictly(value, &w) != nil || !slices.Contains(words, w) {
				return invalidValue("This must be one of %s.", said)
			}
			*of(p) = w
			return nil
		},
		write: func(p Policy) any { return *of(&p) },
	}
}

func yes(name string, of func(*Policy) *bool) Field {
	return Field{
		Name: name, Range: "true, false",
		read: func(value json.RawMessage, p *Policy) error {
			var b bool
			if strictly(value, &b) != nil {
				return invalidValue("This must be true or false.")
			}
			*of(p) = b
			return nil
		},
		write: func(p Policy) any { return *of(&p) },
	}
}

// whole makes a field of a whole number. set and get convert it to and from the policy's own type.
func whole(name string, least, greatest int64, set func(*Policy, int64), get func(Policy) int64) Field {
	return Field{
		Name: name, Range: fmt.Sprintf("%d to %d", least, greatest),
		read: func(value json.RawMessage, p *Policy) error {
			var n int64
			if strictly(value, &n) != nil || n < least || n > greatest {
				return invalidValue("This must be a whole number from %d to %d.", least, greatest)
			}
			set(p, n)
			return nil
		},
		write: func(p Policy) any { return get(p) },
	}
}

func count(name string, of func(*Policy) *int, least, greatest int64) Field {
	return whole(name, least, greatest,
		func(p *Policy, n int64) { *of(p) = int(n) },
		func(p Policy) int64 { return int64(*of(&p)) })
}

func seconds(name string, of func(*Policy) *time.Duration, least, greatest int64) Field {
	return whole(name, least, greatest,
		func(p *Policy, n int64) { *of(p) = time.Duration(n) * time.Second },
		func(p Policy) int64 { return int64(*of(&p) / time.Second) })
}

func limit(name string, of func(*quota.Limits) *int64, least, greatest int64) Field {
	return tenants(whole(name, least, greatest,
		func(p *Policy, n int64) { *of(&p.Limits) = n },
		func(p Policy) int64 { return *of(&p.Limits) }))
}

func tenants(f Field) Field {
	f.TenantOnly = true
	return f
}

func readMethods(value json.RawMessage, p *Policy) error {
	var methods []channel.Method
	if strictly(value, &methods) != nil || len(methods) == 0 || repeats(methods) {
		return invalidValue("This must be a list of one or more methods, each once.")
	}
	for _, m := range methods {
		if !slices.Contains(channel.Methods, m) {
			return invalidValue("A method must be one of email_link, sms_link, sms_code, email_code.")
		}
	}
	p.Methods = methods
	return nil
}

func readPresets(value json.RawMessage, p *Policy) error {
	var presets []string
	if strictly(value, &presets) != nil || len(presets) > maxPresets || repeats(presets) {
		return invalidValue("This must be a list of up to %d texts, each once.", maxPresets)
	}
	for _, text := range presets {
		if n := utf8.RuneCountInString(text); n < NoteMin || n > presetMax || text != oneLine(text) || hasForbidden(text) {
			return invalidValue("A preset must be one line of %d to %d characters, none of them invisible.", NoteMin, presetMax)
		}
	}
	p.NotePresets = listed(presets)
	return nil
}

func readBanner(value json.RawMessage, p *Policy) error {
	var b Banner
	if strictly(value, &b) != nil {
		return invalidValue("A banner has text, tone, from and until (RFC 3339), and nothing else.")
	}
	b.Text = oneLine(b.Text)
	b.From, b.Until = b.From.UTC().Truncate(time.Second), b.Until.UTC().Truncate(time.Second)
	switch {
	case max(b.From.Year(), b.Until.Year()) > 9999 || min(b.From.Year(), b.Until.Year()) < 0: // it is another year here
		return invalidValue("A banner's times are in the years 0 to 9999 of UTC.")
	case b.Text == "":
		b = Banner{}
	case utf8.RuneCountInString(b.Text) > bannerMax || hasForbidden(b.Text):
		return invalidValue("A banner's text has up to %d characters, none of them invisible.", bannerMax)
	case b.Tone == "":
		b.Tone = ToneInfo
	case !slices.Contains([]Tone{ToneInfo, ToneWarning, ToneCritical}, b.Tone):
		return invalidValue("A banner's tone must be one of info, warning, critical.")
	}
	p.Banner = b
	return nil
}

func readCountries(value json.RawMessage, p *Policy) error {
	var countries []string
	if strictly(value, &countries) != nil || len(countries) > 250 || repeats(countries) {
		return invalidValue("This must be a list of up to 250 countries, each once.")
	}
	for _, c := range countries {
		if !isCountry(c) {
			return invalidValue("A country is its two capital letters, such as US.")
		}
	}
	slices.Sort(countries)
	p.SMSCountries = listed(countries)
	return nil
}

func readLanguage(value json.RawMessage, p *Policy) error {
	var tag string
	if strictly(value, &tag) != nil || !locale.IsLanguage(tag) {
		return invalidValue("A language is a tag, such as de or pt-BR.")
	}
	p.Language = tag
	return nil
}

func readTimeZone(value json.RawMessage, p *Policy) error {
	var name string
	if strictly(value, &name) != nil || !locale.IsZone(name) {
		return invalidValue("A time zone is an IANA name, such as Europe/Berlin or America/New_York.")
	}
	p.TimeZone = name
	return nil
}

func readPrices(value json.RawMessage, p *Policy) error {
	var prices map[string]int64
	if strictly(value, &prices) != nil || len(prices) > 251 {
		return invalidValue("This must be prices by country.")
	}
	for country, price := range prices {
		if country != quota.AnyCountry && !isCountry(country) || price < 0 || price > maxPrice {
			return invalidValue("A price stands for a country's two capital letters or *, and is a whole number from 0 to %d.", maxPrice)
		}
	}
	if _, set := prices[quota.AnyCountry]; !set {
		return invalidValue("The price for all other countries is missing: *.")
	}
	p.Limits.Prices = prices
	return nil
}

func isCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// invalidValue says, in public words, what a value must be.
func invalidValue(format string, args ...any) error {
	return &Error{Problem: Invalid, Public: fmt.Sprintf(format, args...)}
}

// strictly reads one JSON value of exactly the type. Null is none of any.
func strictly(value json.RawMessage, into any) error {
	return strictjson.Decode(context.Background(), value, into, strictjson.Rules{})
}

func repeats[T comparable](list []T) bool {
	for i, v := range list {
		if slices.Contains(list[:i], v) {
			return true
		}
	}
	return false
}

// listed is the list, an empty one rather than none, so that it is written as one.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
