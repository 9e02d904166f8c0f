package directory_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/directory"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// Once a night, all contacts of each client are read out of the product's own database and pushed.
func ExampleClient_Sync() {
	server := standIn()
	defer server.Close()
	client, err := directory.New(server.URL, "spk_…")
	if err != nil {
		fmt.Println(err)
		return
	}
	records := func(yield func(launchcontext.Contact, error) bool) { // such as the rows of a query, with the error that ends them
		for _, contact := range []launchcontext.Contact{
			{ID: "dana", Name: "Dana Reyes", Channels: []launchcontext.Channel{{ID: "1", Kind: launchcontext.KindPhone, Value: "(415) 555-4821", Label: "Mobile"}}},
			{ID: "raj", Name: "Raj Patel", Channels: []launchcontext.Channel{{ID: "1", Kind: launchcontext.KindEmail, Value: "raj@contoso.com"}}},
		} {
			if !yield(contact, nil) {
				return
			}
		}
	}
	report, err := client.Sync(context.Background(), "examplepsa", "contoso", records)
	fmt.Println(report.Pushed, report.Removed, err)
	// Output: 2 1 <nil>
}

// A contact that was edited in the product is pushed.
func ExampleClient_Push() {
	server := standIn()
	defer server.Close()
	client, err := directory.New(server.URL, "spk_…")
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := client.Push(context.Background(), "examplepsa", "contoso", launchcontext.Contact{
		ID: "dana", Name: "Dana Reyes", Channels: []launchcontext.Channel{{ID: "1", Kind: launchcontext.KindPhone, Value: "+14155554821"}},
	})
	fmt.Println(report.Pushed, err)
	// Output: 1 <nil>
}

// standIn answers as a server that had one contact more.
func standIn() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPost {
			_ = json.NewEncoder(w).Encode(api.DirectorySyncResult{Removed: 1})
			return
		}
		var push api.DirectoryPush
		_ = json.NewDecoder(r.Body).Decode(&push)
		_ = json.NewEncoder(w).Encode(api.DirectoryPushResult{Pushed: len(push.Contacts), Unreachable: []string{}})
	}))
}
