package desk

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"

	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
)

// wish is what the desk's own page asks for: a launch context for the ticket on
// its screen, with the nonce that the pod gave it.
type wish struct {
	Ticket string `json:"ticket"`
	Nonce  string `json:"nonce"`
}

const (
	wishLimit  = 4 << 10
	nonceLimit = 1 << 10
)

// vouch signs a launch context. A real desk first checks its own session: that this technician
// is signed in and may see this ticket. The demo has one technician, who may see them all.
func (s site) vouch(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" && origin != s.Origin {
		refuse(w, http.StatusForbidden, "Only this desk's own pages may ask for a context.")
		return
	}
	ask, status, problem := readWish(w, r)
	if problem != "" {
		refuse(w, status, problem)
		return
	}
	t, known := s.ticket(ask.Ticket)
	if !known {
		refuse(w, http.StatusNotFound, "There is no such ticket on this desk.")
		return
	}
	technician := s.MSP.technician
	token, err := launchcontext.Signer{Key: s.Key, Now: s.Now}.Sign(launchcontext.Claims{
		Issuer: s.Issuer, Audience: s.Audience, Tenant: s.Tenant, Origin: s.Origin, Nonce: ask.Nonce,
		Subject: technician.ID, Actor: launchcontext.Actor{Name: technician.Name, Email: technician.Email, Phone: technician.Phone},
		Context: s.context(t),
	})
	if err != nil {
		s.Log.ErrorContext(r.Context(), "desk can't sign", "ticket", t.ID, "err", err)
		refuse(w, http.StatusInternalServerError, "The desk can't sign a context.")
		return
	}
	answer(w, http.StatusOK, map[string]string{"context": token})
}

// context is what the desk vouches for: the ticket and the people whom it concerns.
func (s site) context(t ticket) launchcontext.Context {
	contacts := slices.Clone(t.Contacts)
	for i, c := range contacts {
		contacts[i].Channels = slices.Clone(c.Channels)
		for j, ch := range c.Channels {
			if ago, is := changed[ch.ID]; is {
				contacts[i].Channels[j].ChangedAt = s.opened.Add(-ago)
			}
		}
	}
	return launchcontext.Context{
		PSA:      "northwind",
		Ticket:   launchcontext.Ticket{ID: t.ID, Number: t.ID, Summary: t.Subject, URL: s.Origin + "/tickets/" + t.ID},
		Client:   launchcontext.Client{ID: t.Client.ID, Name: t.Client.Name},
		Contact:  launchcontext.Default{ID: t.Contact().ID, Name: t.Contact().Name},
		Contacts: contacts,
	}
}

func readWish(w http.ResponseWriter, r *http.Request) (ask wish, status int, problem string) {
	// JSON only: a foreign page can't send it without asking first, and is not answered.
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return ask, http.StatusUnsupportedMediaType, "Send JSON."
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, wishLimit))
	body.DisallowUnknownFields()
	err := body.Decode(&ask)
	if err == nil {
		if _, err = body.Token(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errors.New("more than one value")
		}
	}
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return ask, http.StatusRequestEntityTooLarge, "This is too long for a ticket and a nonce."
	case err != nil || ask.Ticket == "" || len(ask.Nonce) > nonceLimit:
		return ask, http.StatusBadRequest, `Send {"ticket": "…", "nonce": "…"}.`
	}
	return ask, 0, ""
}

func refuse(w http.ResponseWriter, status int, problem string) {
	answer(w, status, map[string]string{"error": problem})
}
