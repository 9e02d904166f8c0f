package message

import (
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Sample is what an end user would see of a brand, with made-up data.
type Sample struct {
	Language string // of the sample
	Mail     Mail
	SMSCode  string
	SMSLink  string
	Scripts  Scripts
	Page     Values // of the landing page
	Until    time.Time
	ValidFor time.Duration // of a link
}

// sampleContext is made up, like the people of the demo. The link and the code open nothing.
var sampleContext = verify.TicketContext{
	Technician: verify.Technician{ID: "ana", Name: "Ana Ortiz"}, Ticket: verify.Ticket{ID: "4711", Number: "4711"},
}

const (
	sampleRecipient = "Dana Reyes"
	sampleCode      = "482913"
	sampleToken     = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

// Sample returns a sample in a language; the default is the policy's language.
func (b *Brand) Sample(language string, p policy.Policy, publicURL string, now time.Time) (Sample, error) {
	if language == "" {
		language = p.Language
	}
	job := func(m channel.Method) verify.Job {
		j := verify.Job{
			Method: m, Secret: sampleToken, Recipient: sampleRecipient, Technician: sampleContext.Technician.Name,
			Ticket: sampleContext.Ticket.Number, Language: language, TimeZone: p.TimeZone, ValidFor: p.LinkValidity,
		}
		if m.ByCode() {
			j.Secret, j.ValidFor = sampleCode, p.CodeValidity
		}
		j.ExpiresAt = now.Add(j.ValidFor)
		return j
	}
	s := Sample{
		Language: ForLanguage(language).Tag, Scripts: b.Scripts(sampleContext, p, language),
		Until: now.Add(p.LinkValidity), ValidFor: p.LinkValidity,
		Page: Values{Technician: sampleContext.Technician.Name, Ticket: sampleContext.Ticket.Number},
	}
	var err error
	if s.Mail, err = RenderMail(job(channel.EmailLink), b, publicURL); err != nil {
		return Sample{}, err
	}
	if s.SMSCode, err = RenderSMS(job(channel.SMSCode), b, publicURL); err != nil {
		return Sample{}, err
	}
	s.SMSLink, err = RenderSMS(job(channel.SMSLink), b, publicURL)
	return s, err
}

// BuiltinTexts returns the default texts in every language.
func BuiltinTexts() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, w := range translations.all {
		texts := map[string]string{}
		for _, f := range Texts {
			if t, there := w.texts[textKey+f.Name]; there {
				texts[f.Name] = t.String()
			}
		}
		all[w.Tag] = texts
	}
	return all
}
