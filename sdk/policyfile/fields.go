package policyfile

import "slices"

// shape is what a field's value is made of. Its range is the server's to judge.
type shape int

const (
	text    shape = iota
	yesOrNo       // true, false
	number        // whole
	words         // a list of short names
	texts         // a list
	banner        // text, tone, from, until
	prices        // numbers by country
)

type field struct {
	name  string
	shape shape
}

// fields are a policy's, in the contract's order.
var fields = []field{
	{"methods", words},
	{"override_note", text},
	{"note_presets", texts},
	{"banner", banner},
	{"show_on_load", yesOrNo},
	{"link_validity_seconds", number},
	{"code_validity_seconds", number},
	{"code_length", number},
	{"tries_per_code", number},
	{"failures_before_lock", number},
	{"resend_cooldown_seconds", number},
	{"verified_for_seconds", number},
	{"verified_scope", text},
	{"history_entries", number},
	{"number_matching", yesOrNo},
	{"ticket_note", yesOrNo},
	{"before_save", text},
	{"sms_countries", words},
	{"sms_voip", yesOrNo},
	{"sms_toll_free", yesOrNo},
	{"technician_address", text},
	{"changed_channel_days", number},
	{"changed_channels", text},
	{"language", text},
	{"time_zone", text},
	{"quota_destination_day", number},
	{"quota_prefix_hour", number},
	{"quota_technician_minute", number},
	{"quota_technician_hour", number},
	{"quota_client_hour", number},
	{"quota_country_hour", number},
	{"quota_tenant_minute", number},
	{"quota_tenant_day", number},
	{"quota_tenant_spend_day", number},
	{"sms_prices", prices},
	{"pumping_floor_percent", number},
	{"pumping_sample", number},
	{"pumping_pause_seconds", number},
}

func fieldNamed(name string) (field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{}, false
	}
	return fields[i], true
}
