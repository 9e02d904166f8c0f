package directory_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/directory"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestAPushSendsEveryFieldOfAContact(t *testing.T) {
	changed := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var got api.DirectoryPush
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(api.DirectoryPushResult{Pushed: 1})
	}))
	defer server.Close()
	client, err := directory.New(server.URL, "spk_key")
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Push(t.Context(), "psa", "contoso", launchcontext.Contact{
		ID: "dana", Name: "Dana Reyes", Title: "Finance Lead", Language: "de", TimeZone: "Europe/Berlin",
		Channels: []launchcontext.Channel{{ID: "1", Kind: launchcontext.KindPhone, Value: "+4917012345678", Label: "Mobil", Mobile: new(true), ChangedAt: changed}},
	})
	want := api.DirectoryPush{Contacts: []api.DirectoryContact{{
		Id: "dana", Name: "Dana Reyes", Title: "Finance Lead", Language: "de", TimeZone: "Europe/Berlin",
		Channels: []api.DirectoryChannel{{Id: "1", Kind: api.DirectoryChannelKindPhone, Value: "+4917012345678", Label: "Mobil", Mobile: new(true), ChangedAt: changed}},
	}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}
