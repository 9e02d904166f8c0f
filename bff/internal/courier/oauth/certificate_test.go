package oauth_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/shieldpod/shieldpod/bff/internal/courier/oauth"
)

// certificatePEM returns a certificate with its key, or a certificate alone for a nil key.
func certificatePEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	alone := key == nil
	if alone {
		key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	if alone {
		return out.String()
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	_ = pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: private})
	return out.String()
}

func newRSAKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestARequestWithACertificateIsSignedForItsReceiver(t *testing.T) {
	key := newRSAKey(t)
	text := certificatePEM(t, key)
	block, _ := pem.Decode([]byte(text))
	sum := sha256.Sum256(block.Bytes)
	a := newAuthority(t)
	var ids []string
	a.answer = func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		if r.PostForm.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || r.PostForm.Has("client_secret") {
			t.Errorf("%v", r.PostForm)
		}
		var claims jwt.RegisteredClaims
		token, err := jwt.ParseWithClaims(r.PostForm.Get("client_assertion"), &claims, func(*jwt.Token) (any, error) { return &key.PublicKey, nil },
			jwt.WithValidMethods([]string{"PS256"}), jwt.WithTimeFunc(a.clock), jwt.WithIssuer(client), jwt.WithSubject(client),
			jwt.WithAudience(a.URL+"/"+directory+"/oauth2/v2.0/token"), jwt.WithExpirationRequired())
		if err != nil {
			t.Fatal(err)
		}
		if token.Header["x5t#S256"] != base64.RawURLEncoding.EncodeToString(sum[:]) || claims.ExpiresAt.Sub(a.clock()) != 5*time.Minute || !claims.NotBefore.Equal(a.clock()) {
			t.Errorf("header %v, claims %+v", token.Header, claims)
		}
		ids = append(ids, claims.ID)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"token_type":"Bearer","expires_in":60,"access_token":"x"}`)
	}
	s, err := oauth.NewMicrosoft("graph", oauth.Microsoft{Directory: directory, Client: client}, text, "https://graph.microsoft.com", a.URL, a.clock)
	if err != nil {
		t.Fatal(err)
	}
	use(t, s)
	a.now.Add(60)
	use(t, s)
	if len(ids) != 2 || ids[0] == "" || ids[0] == ids[1] {
		t.Errorf("the requests have the ids %q: each has its own", ids)
	}
}

func TestACertificateThatMicrosoftCantReadIsRefused(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := certificatePEM(t, newRSAKey(t))
	alone, _, _ := strings.Cut(good, "-----BEGIN PRIVATE")
	for _, c := range []struct{ name, text, want string }{
		{"with its key", good, ""},
		{"with another key", alone + pkcs8(t, other), "the certificate and its private key"},
		{"with a key on a curve", certificatePEM(t, curve), "must be RSA with 2048 bits or more"},
		{"a key alone", pkcs8(t, other), "the certificate and its private key"},
	} {
		_, err := oauth.NewMicrosoft("graph", oauth.Microsoft{Directory: directory, Client: client}, c.text, "https://graph.microsoft.com", "", time.Now)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "BEGIN")) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func pkcs8(t *testing.T, key crypto.Signer) string {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}
