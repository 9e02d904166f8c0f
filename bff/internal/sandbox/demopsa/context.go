package demopsa

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// contextRequest is the request of the ticket system's own page: a launch context for the ticket on its screen, with
// the pod's nonce.
type contextRequest struct {
	Ticket string `json:"ticket"`
	Nonce  string `json:"nonce"`
}

const (
	maxRequestBytes = 4 << 10
	maxNonceBytes   = 1 << 10
)

// signContext signs a launch context. A real ticket system first checks its own session: the technician is signed in
// and may see this ticket. The demo has one technician, who may see every ticket.
func (s site) signContext(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" && origin != s.Origin {
		writeError(w, http.StatusForbidden, "Only this desk's own pages may ask for a context.")
		return
	}
	ask, status, problem := readContextRequest(w, r)
	if problem != "" {
		writeError(w, status, problem)
		return
	}
	t, known := s.ticket(ask.Ticket)
	if !known {
		writeError(w, http.StatusNotFound, "There is no such ticket on this desk.")
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
		writeError(w, http.StatusInternalServerError, "The desk can't sign a context.")
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"context": token})
}

// context gives the content of a launch context: the ticket and its people.
func (s site) context(t ticket) launchcontext.Context {
	contacts := slices.Clone(t.Contacts)
	for i, c := range contacts {
		contacts[i].Channels = slices.Clone(c.Channels)
		for j, ch := range c.Channels {
			if ago, is := s.MSP.changed[ch.ID]; is {
				contacts[i].Channels[j].ChangedAt = s.startedAt.Add(-time.Duration(ago))
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

func readContextRequest(w http.ResponseWriter, r *http.Request) (ask contextRequest, status int, problem string) {
	// Only JSON: a foreign page can't send it without a CORS preflight, which is not answered.
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return ask, http.StatusUnsupportedMediaType, "Send JSON."
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequestBytes))
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
	case err != nil || ask.Ticket == "" || len(ask.Nonce) > maxNonceBytes:
		return ask, http.StatusBadRequest, `Send {"ticket": "…", "nonce": "…"}.`
	}
	return ask, 0, ""
}

func writeError(w http.ResponseWriter, status int, problem string) {
	writeJSON(w, status, map[string]string{"error": problem})
}
