package launch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	launchcontext "github.com/shieldpod/shieldpod/sdk/context"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// keysPace: a new key is taken after half a minute at most, one that is withdrawn is refused after ten; while an
// issuer's server is down the old ones hold for an afternoon, and then nobody is let in by them.
var keysPace = pace{fresh: 10 * time.Minute, every: 30 * time.Second, kept: 4 * time.Hour}

const (
	fetchTime = 5 * time.Second
	keysLimit = 64 << 10 // bytes of a key set
)

// keySets are issuers' keys as they were fetched, by their URL. The URLs are configuration; of a token only its
// kid comes this far, and can only choose.
type keySets struct {
	shelf[[]launchcontext.VerificationKey]
}

// errNoKey: the issuer publishes no such key. Every other error of key means that its keys can't be had.
var errNoKey = errors.New("the issuer publishes no such key")

func (k *keySets) key(ctx context.Context, client *http.Client, url, kid string, now time.Time) (launchcontext.VerificationKey, error) {
	keys, err := k.place(url, now, keysPace.kept).get(ctx, keysPace, now,
		func(keys []launchcontext.VerificationKey) bool { _, known := keyNamed(keys, kid); return known },
		func(ctx context.Context) ([]launchcontext.VerificationKey, error) { return fetchKeys(ctx, client, url) })
	if err != nil {
		return launchcontext.VerificationKey{}, err
	}
	key, known := keyNamed(keys, kid)
	if !known {
		return key, errNoKey
	}
	return key, nil
}

func keyNamed(keys []launchcontext.VerificationKey, kid string) (launchcontext.VerificationKey, bool) {
	for _, key := range keys {
		if key.ID() == kid {
			return key, true
		}
	}
	return launchcontext.VerificationKey{}, false
}

// fetchKeys asks for a key set once. Its errors name no URL.
func fetchKeys(ctx context.Context, client *http.Client, url string) ([]launchcontext.VerificationKey, error) {
	if client == nil {
		return nil, errors.New("there is no way out")
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, errors.New("the URL of the keys can't be used")
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the server of the keys can't be reached: %w", errors.Unwrap(err)) // the outer one names the URL
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server of the keys answers %d", response.StatusCode)
	}
	data, err := strictjson.Read(ctx, response.Body, keysLimit)
	if err != nil {
		return nil, errors.New("the keys can't be read to their end")
	}
	return launchcontext.ParseKeySet(data)
}
