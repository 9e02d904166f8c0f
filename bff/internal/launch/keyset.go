package launch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// keysRefresh: a new key is accepted within 30 seconds, and a withdrawn key is refused after 10 minutes. While the
// issuer's server is down, fetched keys are used for up to 4 hours, and afterwards every token is refused.
var keysRefresh = refreshPolicy{freshFor: 10 * time.Minute, minInterval: 30 * time.Second, usableFor: 4 * time.Hour}

// maxKeySetBytes bounds the key set of an issuer.
const maxKeySetBytes = 64 << 10

// keySets holds the key sets of issuers, by URL. The URLs are configuration. A token contributes only its kid, which
// selects a key.
type keySets = fetchCache[[]launchcontext.VerificationKey]

// errNoKey: the issuer publishes no such key. Every other error of findIssuerKey means that the keys are not available.
var errNoKey = errors.New("the issuer publishes no such key")

func findIssuerKey(
	ctx context.Context, sets *keySets, client *http.Client, url, kid string, now time.Time,
) (launchcontext.VerificationKey, error) {
	keys, err := sets.entry(ctx, url).get(ctx, keysRefresh, now,
		func(keys []launchcontext.VerificationKey) bool { _, known := findKey(keys, kid); return known },
		func(ctx context.Context) ([]launchcontext.VerificationKey, error) { return fetchKeys(ctx, client, url) })
	if err != nil {
		return launchcontext.VerificationKey{}, err
	}
	key, known := findKey(keys, kid)
	if !known {
		return key, errNoKey
	}
	return key, nil
}

func findKey(keys []launchcontext.VerificationKey, kid string) (launchcontext.VerificationKey, bool) {
	for _, key := range keys {
		if key.ID() == kid {
			return key, true
		}
	}
	return launchcontext.VerificationKey{}, false
}

// fetchKeys requests a key set once. Its errors do not contain the URL.
func fetchKeys(ctx context.Context, client *http.Client, url string) ([]launchcontext.VerificationKey, error) {
	if client == nil {
		return nil, errors.New("there is no way out")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, errors.New("the URL of the keys can't be used")
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the server of the keys can't be reached: %w", errors.Unwrap(err)) // the outer error contains the URL
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server of the keys answers %d", response.StatusCode)
	}
	data, err := strictjson.Read(ctx, response.Body, maxKeySetBytes)
	if err != nil {
		return nil, errors.New("the keys can't be read to their end")
	}
	return launchcontext.ParseKeySet(data)
}
