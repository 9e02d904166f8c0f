package message

import (
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Sample is what an end user would get of a brand, made up and sent to nobody.
type Sample struct {
	Language string // that it is written in
	Mail     Mail
	SMSCode  string
	SMSLink  string
	Scripts  Scripts
	Page     Values // of the landing page
	Until    time.Time
	ValidFor time.Duration // of a link
}

// Made up as the demo's people are: the names are nobody's, and the link and the code open nothing.
var sampleDesk = verify.Desk{
	Technician: verify.Technician{ID: "ana", Name: "Ana Ortiz"}, Ticket: verify.Ticket{ID: "4711", Number: "4711"},
}

const (
	sampleRecipient = "Dana Reyes"
	sampleCode      = "482913"
	sampleToken     = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

// Sample makes one in a language; without one, in that of the policy.
func (b *Brand) Sample(language string, p verify.Policy, publicURL string, now time.Time) (Sample, error) {
	if language == "" {
		language = p.Language
	}
	job := func(m verify.Method) verify.Job {
		j := verify.Job{
			Method: m, Secret: sampleToken, Recipient: sampleRecipient, Technician: sampleDesk.Technician.Name,
			Ticket: sampleDesk.Ticket.Number, Language: language, TimeZone: p.TimeZone, ValidFor: p.LinkValidity,
		}
		if m.ByCode() {
			j.Secret, j.ValidFor = sampleCode, p.CodeValidity
		}
		j.ExpiresAt = now.Add(j.ValidFor)
		return j
	}
	s := Sample{
		Language: In(language).Tag, Scripts: b.Scripts(sampleDesk, p, language), Until: now.Add(p.LinkValidity), ValidFor: p.LinkValidity,
		Page: Values{Technician: sampleDesk.Technician.Name, Ticket: sampleDesk.Ticket.Number},
	}
	var err error
	if s.Mail, err = RenderMail(job(verify.EmailLink), b, publicURL); err != nil {
		return Sample{}, err
	}
	if s.SMSCode, err = RenderSMS(job(verify.SMSCode), b, publicURL); err != nil {
		return Sample{}, err
	}
	s.SMSLink, err = RenderSMS(job(verify.SMSLink), b, publicURL)
	return s, err
}

// Builtin gives our own texts in every language: what stands where a tenant has written nothing.
func Builtin() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, w := range catalogue.all {
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
