package launch

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/shieldpod/shieldpod/bff/internal/mailaddress"
	"github.com/shieldpod/shieldpod/bff/internal/text"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const maxAddress = 254 // RFC 5321

// mailbox is an e-mail address in three forms.
type mailbox struct {
	address   string // for sending: the local part as written, the domain in lower case
	canonical string // for comparing: one form for all spellings of one mailbox
	person    string // canonical, without the aliases of the same person
}

// readAddress reads a field's value as one e-mail address, or gives the reason why it is not one.
func readAddress(value string) (mailbox, verify.Unusable) {
	value = strings.Map(func(r rune) rune {
		switch r {
		case '\uff20', '\ufe6b':
			return '@'
		case '\u3002', '\uff0e', '\uff61':
			return '.'
		}
		return r
	}, text.Value(value))
	if len(value) > 7 && strings.EqualFold(value[:7], "mailto:") {
		value = value[7:]
	}
	if strings.HasPrefix(value, "<") && strings.HasSuffix(value, ">") {
		value = value[1 : len(value)-1]
	}
	at := strings.LastIndexByte(value, '@')
	if at < 1 || at == len(value)-1 || len(value) > maxAddress {
		return mailbox{}, verify.UnusableInvalid
	}
	local, domain := unquote(value[:at]), strings.ToLower(strings.TrimSuffix(value[at+1:], "."))
	if strings.ContainsRune(local, '@') {
		return mailbox{}, verify.UnusableSeveral
	}
	if strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == utf8.RuneError }) {
		return mailbox{}, verify.UnusableWords
	}
	ascii, err := domains.ToASCII(domain)
	address := local + "@" + domain
	if err != nil || !strings.Contains(ascii, ".") || !mailaddress.Check(address) {
		return mailbox{}, verify.UnusableInvalid
	}
	name := foldCase(local)
	return mailbox{address: address, canonical: name + "@" + ascii, person: withoutAliases(name, ascii)}, ""
}

// domains converts a domain to its ASCII form: A-labels in lower case, as for a lookup (UTS 46). Underscores are
// accepted.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false))

// foldCase gives one form for all cases and compositions of a local part.
func foldCase(local string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(local)))
}

// unquote removes the quotes of a local part that needs none: both forms are one mailbox (RFC 5321, 4.1.2).
func unquote(local string) string {
	inner, begun := strings.CutPrefix(local, `"`)
	inner, ended := strings.CutSuffix(inner, `"`)
	if !begun || !ended || strings.ContainsAny(inner, `" (),:;<>[]@\`) {
		return local
	}
	return inner
}

// mailProvider is a mail provider at which one mailbox has several addresses, according to its help pages.
type mailProvider struct {
	domains    []string // the first is the canonical one: a user name is the same person in each
	ignored    string   // characters without meaning in the local part
	subdomains bool     // anything@user.domain is user@domain
}

// A plus sign starts an alias at every domain: Google, Microsoft, Apple, Fastmail, Proton and the mail servers of
// companies support it. A person whose address is taken for an alias is refused a message only after having received
// one.
var mailProviders = []mailProvider{
	{domains: []string{"gmail.com", "googlemail.com"}, ignored: "."},
	{domains: []string{"proton.me", "protonmail.com", "protonmail.ch", "pm.me"}, ignored: ".-_"},
	{domains: []string{"icloud.com", "me.com", "mac.com"}},
	{domains: []string{"yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua"}, ignored: ".-"},
	{domains: []string{"fastmail.com"}, subdomains: true},
	{domains: []string{"fastmail.fm"}, subdomains: true},
}

// withoutAliases gives the common address of a person's aliases.
func withoutAliases(local, domain string) string {
	name, _, _ := strings.Cut(local, "+")
	if name == "" {
		name = local
	}
	for _, p := range mailProviders {
		if user, found := strings.CutSuffix(domain, "."+p.domains[0]); p.subdomains && found && user != "" {
			return user + "@" + p.domains[0]
		}
		if !slices.Contains(p.domains, domain) {
			continue
		}
		plain := strings.Map(func(r rune) rune {
			if strings.ContainsRune(p.ignored, r) {
				return -1
			}
			return r
		}, name)
		if plain == "" {
			plain = name
		}
		return plain + "@" + p.domains[0]
	}
	return name + "@" + domain
}

// mailboxesIn gives the person forms of the addresses in a value with other text in it.
func mailboxesIn(value string) []string {
	var list []string
	for _, part := range strings.FieldsFunc(text.Value(value), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;<>()[]|/\"'", r)
	}) {
		if box, reason := readAddress(part); reason == "" {
			list = append(list, box.person)
		}
	}
	return list
}
