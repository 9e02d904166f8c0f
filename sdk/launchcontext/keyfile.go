package launchcontext

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"

	"github.com/shieldpod/shieldpod/sdk/secretfile"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// ParsePrivateKey reads a signing key: PEM (PKCS #8, unencrypted) or a private JWK; an "oct" JWK is a shared secret.
// With PEM the id is the key's kid; a JWK with a kid of its own must agree, or the id be empty.
// Without any id the kid is the key's thumbprint, as with NewVerificationKey.
func ParsePrivateKey(data []byte, id string) (SigningKey, error) {
	data, err := plainKey(data)
	if err != nil {
		return SigningKey{}, err
	}
	if isJWK(data) {
		j, id, err := parseJWK(data, id, "sign")
		if err != nil {
			return SigningKey{}, err
		}
		key, err := j.private()
		if err != nil {
			return SigningKey{}, err
		}
		k, err := NewSigningKey(id, key)
		return k, j.agree(k.algorithm, err)
	}
	der, err := parsePEM(data, "PRIVATE KEY")
	if err != nil {
		return SigningKey{}, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return SigningKey{}, refuse(CodeKeyInvalid, "", "the PEM holds no private key in PKCS #8: copy the file anew, or write it by 'openssl pkcs8 -topk8 -nocrypt'")
	}
	return NewSigningKey(id, key)
}

// ParsePublicKey reads a verification key: PEM (PKIX) or a public JWK. A private key is refused: it has no business here.
func ParsePublicKey(data []byte, id string) (VerificationKey, error) {
	data, err := plainKey(data)
	if err != nil {
		return VerificationKey{}, err
	}
	if isJWK(data) {
		j, id, err := parseJWK(data, id, "verify")
		if err != nil {
			return VerificationKey{}, err
		}
		key, err := j.public()
		if err != nil {
			return VerificationKey{}, err
		}
		k, err := NewVerificationKey(id, key)
		return k, j.agree(k.algorithm, err)
	}
	der, err := parsePEM(data, "PUBLIC KEY")
	if err != nil {
		return VerificationKey{}, err
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return VerificationKey{}, refuse(CodeKeyInvalid, "", "the PEM holds no public key: copy the file anew, or write it by 'openssl pkey -pubout'")
	}
	return NewVerificationKey(id, key)
}

// PEM writes the key as PKCS #8. A shared secret has no such form.
func (k SigningKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.key)
	if err != nil {
		return nil, &Error{Code: CodeKeyInvalid, Err: err}
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// PEM writes the key as PKIX. A shared secret has no such form.
func (k VerificationKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.key)
	if err != nil {
		return nil, &Error{Code: CodeKeyInvalid, Err: err}
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// JWK writes the private key, with kid, alg and use.
func (k SigningKey) JWK() ([]byte, error) {
	j := jwk{Kid: k.id, Alg: string(k.algorithm), Use: "sig"}
	switch key := k.key.(type) {
	case ed25519.PrivateKey:
		j.D = key.Seed()
	case *ecdsa.PrivateKey:
		d, err := key.Bytes()
		if err != nil {
			return nil, &Error{Code: CodeKeyInvalid, Err: err}
		}
		j.D = d
	case *rsa.PrivateKey:
		if len(key.Primes) != 2 {
			return nil, refuse(CodeKeyInvalid, "oth", "an RSA key must have two primes")
		}
		key.Precompute()
		j.D, j.P, j.Q = key.D.Bytes(), key.Primes[0].Bytes(), key.Primes[1].Bytes()
		j.DP, j.DQ, j.QI = key.Precomputed.Dp.Bytes(), key.Precomputed.Dq.Bytes(), key.Precomputed.Qinv.Bytes()
	}
	return j.with(k.Public().key)
}

// JWK writes the public key, with kid, alg and use; of a shared secret, the secret.
func (k VerificationKey) JWK() ([]byte, error) {
	return jwk{Kid: k.id, Alg: string(k.algorithm), Use: "sig"}.with(k.key)
}

// plainKey reads a key's file as editors write it.
func plainKey(data []byte) ([]byte, error) {
	plain, err := secretfile.PEM(data)
	if err != nil {
		return nil, &Error{Code: CodeKeyInvalid, Err: fmt.Errorf("the key can't be read: %w", err)}
	}
	return plain, nil
}

// otherPEM says what to do about kinds of PEM that are not taken.
var otherPEM = map[string]string{
	"PUBLIC KEY":          "this is the public key: the private one is needed",
	"PRIVATE KEY":         "this is the private key: keep it, and give its public half (openssl pkey -in FILE -pubout)",
	"RSA PRIVATE KEY":     "this is a private key in PKCS #1: convert it (openssl pkcs8 -topk8 -nocrypt -in FILE)",
	"EC PRIVATE KEY":      "this is a private key in SEC 1: convert it (openssl pkcs8 -topk8 -nocrypt -in FILE)",
	"EC PARAMETERS":       "this is a private key in SEC 1: convert it (openssl pkcs8 -topk8 -nocrypt -in FILE)",
	"RSA PUBLIC KEY":      "this is a public key in PKCS #1: convert it (openssl rsa -RSAPublicKey_in -in FILE -pubout)",
	"CERTIFICATE":         "this is a certificate: take its public key (openssl x509 -in FILE -noout -pubkey)",
	"CERTIFICATE REQUEST": "this is a request for a certificate: give the public key",
	"OPENSSH PRIVATE KEY": "this is a key of OpenSSH's: make one by 'shieldpod key new'",
}

func parsePEM(data []byte, kind string) ([]byte, error) {
	block, rest := pem.Decode(data)
	switch {
	case block == nil && (bytes.HasPrefix(data, []byte("ssh-")) || bytes.HasPrefix(data, []byte("ecdsa-sha2-"))):
		return nil, refuse(CodeKeyInvalid, "", "this is a public key of OpenSSH's: make one by 'shieldpod key new'")
	case block == nil:
		return nil, refuse(CodeKeyInvalid, "", "neither PEM nor JWK: a key file begins with -----BEGIN or {")
	case block.Type != kind && otherPEM[block.Type] != "":
		return nil, refuse(CodeKeyInvalid, "", "%s", otherPEM[block.Type])
	case block.Type != kind:
		return nil, refuse(CodeKeyInvalid, "", "the PEM block must be a %s (private: PKCS #8, public: PKIX)", kind)
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, refuse(CodeKeyInvalid, "", "one key at a time")
	}
	return block.Bytes, nil
}

// jwk is a key as RFC 7517 and RFC 7518 write it, in the order in which people read it.
type jwk struct {
	Kty string   `json:"kty"`
	Kid string   `json:"kid,omitempty"`
	Use string   `json:"use,omitempty"`
	Alg string   `json:"alg,omitempty"`
	Crv string   `json:"crv,omitempty"`
	X   b64      `json:"x,omitempty"`
	Y   b64      `json:"y,omitempty"`
	N   b64      `json:"n,omitempty"`
	E   b64      `json:"e,omitempty"`
	K   b64      `json:"k,omitempty"`
	D   b64      `json:"d,omitempty"`
	P   b64      `json:"p,omitempty"`
	Q   b64      `json:"q,omitempty"`
	DP  b64      `json:"dp,omitempty"`
	DQ  b64      `json:"dq,omitempty"`
	QI  b64      `json:"qi,omitempty"`
	Ops []string `json:"key_ops,omitempty"`
}

// b64 is bytes in base64url without padding.
type b64 []byte

func (b b64) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

func (b *b64) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.Strict().DecodeString(string(text))
	return err
}

func isJWK(data []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) }

// parseJWK also gives the key's id, on which the caller and the JWK must agree.
func parseJWK(data []byte, id, operation string) (j jwk, kid string, err error) {
	if err := strictjson.Check(context.Background(), data, jwkRules); err != nil {
		return jwk{}, "", &Error{Code: CodeKeyInvalid, Err: err}
	}
	if err := strictjson.Unmarshal(data, &j); err != nil {
		return jwk{}, "", refuse(CodeKeyInvalid, "", "a member of the JWK has the wrong type or encoding")
	}
	switch {
	case id != "" && j.Kid != "" && id != j.Kid:
		return jwk{}, "", refuse(CodeKeyInvalid, "kid", "is not the id that was asked for")
	case j.Use != "" && j.Use != "sig":
		return jwk{}, "", refuse(CodeKeyInvalid, "use", "must be \"sig\"")
	case len(j.Ops) > 0 && !slices.Contains(j.Ops, operation):
		return jwk{}, "", refuse(CodeKeyInvalid, "key_ops", "must allow %q", operation)
	case id == "":
		id = j.Kid
	}
	return j, id, nil
}

// agree refuses a key whose JWK says another alg than the key's kind.
func (j jwk) agree(a Algorithm, err error) error {
	if err == nil && j.Alg != "" && j.Alg != string(a) {
		return refuse(CodeKeyInvalid, "alg", "the key is for %s", a)
	}
	return err
}

func (j jwk) public() (any, error) {
	if j.Kty == "oct" || j.D != nil {
		return nil, refuse(CodeKeyInvalid, "kty", "this is a private key or a secret: give its public half")
	}
	return j.publicHalf()
}

func (j jwk) publicHalf() (any, error) {
	switch j.Kty + " " + j.Crv {
	case "OKP Ed25519":
		return ed25519.PublicKey(j.X), nil
	case "EC P-256":
		point := slices.Concat([]byte{4}, j.X, j.Y) // uncompressed, SEC 1
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil || len(j.X) != len(j.Y) {
			return nil, refuse(CodeKeyInvalid, "x", "not a point of P-256")
		}
		return key, nil
	case "RSA ":
		e := new(big.Int).SetBytes(j.E)
		if !e.IsInt64() || e.Int64() > 1<<31-1 {
			return nil, refuse(CodeKeyInvalid, "e", "too large")
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(j.N), E: int(e.Int64())}, nil
	}
	return nil, refuse(CodeKeyInvalid, "kty", "must be OKP with Ed25519, EC with P-256, or RSA")
}

func (j jwk) private() (any, error) {
	if j.Kty == "oct" {
		return []byte(j.K), nil
	}
	public, err := j.publicHalf()
	if err != nil {
		return nil, err
	}
	switch p := public.(type) {
	case ed25519.PublicKey:
		if len(j.D) == ed25519.SeedSize {
			if key := ed25519.NewKeyFromSeed(j.D); p.Equal(key.Public()) {
				return key, nil
			}
		}
	case *ecdsa.PublicKey:
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), j.D); err == nil && p.Equal(&key.PublicKey) {
			return key, nil
		}
	case *rsa.PublicKey:
		key := &rsa.PrivateKey{
			PublicKey: *p, D: new(big.Int).SetBytes(j.D),
			Primes: []*big.Int{new(big.Int).SetBytes(j.P), new(big.Int).SetBytes(j.Q)},
		}
		if key.Validate() == nil {
			key.Precompute()
			return key, nil
		}
	}
	return nil, refuse(CodeKeyInvalid, "d", "does not belong to the public half")
}

// with writes the JWK with the members of its public half.
func (j jwk) with(public any) ([]byte, error) {
	switch key := public.(type) {
	case ed25519.PublicKey:
		j.Kty, j.Crv, j.X = "OKP", "Ed25519", b64(key)
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			return nil, &Error{Code: CodeKeyInvalid, Err: err}
		}
		half := len(point) / 2
		j.Kty, j.Crv, j.X, j.Y = "EC", "P-256", point[1:1+half], point[1+half:]
	case *rsa.PublicKey:
		j.Kty, j.N, j.E = "RSA", key.N.Bytes(), big.NewInt(int64(key.E)).Bytes()
	case []byte:
		j.Kty, j.K = "oct", key
	default:
		return nil, refuse(CodeKeyInvalid, "kty", "no key to write")
	}
	return json.Marshal(j)
}

// thumbprint names a public key by its members (RFC 7638); a secret has none that may be shown.
func thumbprint(public any) string {
	data, err := jwk{}.with(public)
	if _, secret := public.([]byte); secret || err != nil {
		return ""
	}
	var members map[string]string
	if strictjson.Unmarshal(data, &members) != nil {
		return ""
	}
	canonical, err := json.Marshal(members) // sorted by name, without spaces: as the RFC demands
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(canonical)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
