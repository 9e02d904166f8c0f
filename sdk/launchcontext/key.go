package launchcontext

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithm is how a context is signed. A key has exactly one: its kind decides.
type Algorithm string

// The algorithms. Prefer EdDSA. With HS256 a server that can check a context can also forge one.
const (
	EdDSA Algorithm = "EdDSA" // Ed25519
	ES256 Algorithm = "ES256" // P-256
	RS256 Algorithm = "RS256" // RSA, 2048 bits or more
	HS256 Algorithm = "HS256" // a shared secret of 32 bytes or more
)

func (a Algorithm) known() bool { return a.method() != nil }

func (a Algorithm) method() jwt.SigningMethod {
	switch a {
	case EdDSA:
		return jwt.SigningMethodEdDSA
	case ES256:
		return jwt.SigningMethodES256
	case RS256:
		return jwt.SigningMethodRS256
	case HS256:
		return jwt.SigningMethodHS256
	}
	return nil
}

const (
	minRSABits = 2048
	maxRSABits = 8192 // beyond it a check takes long enough to be a weapon
	maxKeyID   = 128
)

// SigningKey signs contexts. Make one with GenerateKey, ParsePrivateKey, NewSigningKey or SharedSecret.
type SigningKey struct {
	id        string
	algorithm Algorithm
	key       any
}

// VerificationKey checks contexts. It comes from SigningKey.Public, ParsePublicKey or NewVerificationKey.
type VerificationKey struct {
	id        string
	algorithm Algorithm
	key       any
}

// ID is the key's kid.
func (k SigningKey) ID() string { return k.id }

// Algorithm is the only one that the key signs with.
func (k SigningKey) Algorithm() Algorithm { return k.algorithm }

// ID is the key's kid.
func (k VerificationKey) ID() string { return k.id }

// Algorithm is the only one that the key accepts.
func (k VerificationKey) Algorithm() Algorithm { return k.algorithm }

// GenerateKey makes a new key with the system's entropy; for HS256 a secret of 32 bytes.
// An empty id stands for the key's thumbprint, as with NewVerificationKey.
func GenerateKey(id string, a Algorithm) (SigningKey, error) {
	var key any
	var err error
	switch a {
	case EdDSA:
		_, key, err = ed25519.GenerateKey(nil)
	case ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		key, err = rsa.GenerateKey(rand.Reader, 3072)
	case HS256:
		secret := make([]byte, minSecret)
		_, err = rand.Read(secret)
		key = secret
	default:
		err = errors.New("the algorithm must be EdDSA, ES256, RS256 or HS256")
	}
	if err != nil {
		return SigningKey{}, &Error{Code: CodeKeyInvalid, Field: "alg", Err: err}
	}
	return NewSigningKey(id, key)
}

// NewSigningKey takes an ed25519.PrivateKey, a P-256 *ecdsa.PrivateKey, an *rsa.PrivateKey, or a shared secret as []byte.
// An empty id stands for the key's thumbprint, as with NewVerificationKey.
func NewSigningKey(id string, key any) (SigningKey, error) {
	public, err := publicHalf(key)
	if err != nil {
		return SigningKey{}, err
	}
	v, err := NewVerificationKey(id, public)
	return SigningKey{id: v.id, algorithm: v.algorithm, key: key}, err
}

// NewVerificationKey takes an ed25519.PublicKey, a P-256 *ecdsa.PublicKey, an *rsa.PublicKey, or a shared secret as []byte.
// An empty id stands for the key's thumbprint (RFC 7638), on which both sides agree by themselves; a shared secret needs an id.
func NewVerificationKey(id string, key any) (VerificationKey, error) {
	k, err := newVerificationKey(id, key)
	if err == nil {
		err = judgeNew(key)
	}
	if err != nil {
		return VerificationKey{}, err
	}
	return k, nil
}

func newVerificationKey(id string, key any) (VerificationKey, error) {
	a, err := judge(key)
	if err != nil {
		return VerificationKey{}, err
	}
	if id == "" {
		id = thumbprint(key)
	}
	if !validKeyID(id) {
		return VerificationKey{}, refuse(CodeKeyInvalid, "kid", "must be 1 to %d visible ASCII characters", maxKeyID)
	}
	return VerificationKey{id: id, algorithm: a, key: key}, nil
}

// Public is the half that is registered with the tenant; of a shared secret, the secret itself.
func (k SigningKey) Public() VerificationKey {
	public, err := publicHalf(k.key)
	if err != nil {
		return VerificationKey{}
	}
	return VerificationKey{id: k.id, algorithm: k.algorithm, key: public}
}

func publicHalf(key any) (any, error) {
	switch k := key.(type) {
	case ed25519.PrivateKey:
		if len(k) == ed25519.PrivateKeySize {
			return k.Public(), nil
		}
	case *ecdsa.PrivateKey:
		return &k.PublicKey, nil
	case *rsa.PrivateKey:
		return &k.PublicKey, nil
	case []byte:
		return k, nil
	}
	return nil, refuse(CodeKeyInvalid, "kty", "not a private key of a kind that signs contexts")
}

// judge tells a public key's algorithm, and refuses what is too weak to be one.
func judge(key any) (Algorithm, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return "", refuse(CodeKeyInvalid, "x", "an Ed25519 key has %d bytes", ed25519.PublicKeySize)
		}
		return EdDSA, nil
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return "", refuse(CodeKeyInvalid, "crv", "the curve must be P-256")
		}
		return ES256, nil
	case *rsa.PublicKey:
		return RS256, judgeRSA(k)
	case []byte:
		return HS256, judgeSecret(k)
	}
	return "", refuse(CodeKeyInvalid, "kty", "not a public key of a kind that checks contexts")
}

// judgeNew looks at what judge leaves out because it takes long: only a key that is new to this process needs it.
func judgeNew(key any) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return judgeFactors(k)
	case []byte:
		return judgeRandomness(k)
	}
	return nil
}

// Material is the key as a tenant's settings store it: PKIX in DER, or the shared secret.
func (k VerificationKey) Material() ([]byte, error) {
	if secret, shared := k.key.([]byte); shared {
		return secret, nil
	}
	der, err := x509.MarshalPKIXPublicKey(k.key)
	if err != nil {
		return nil, &Error{Code: CodeKeyInvalid, Err: err}
	}
	return der, nil
}

// ParseMaterial reads a stored key back. The algorithm must be the one that the key is for. What NewVerificationKey
// refused when the key was stored is not all looked at again: contexts are checked by it many times a second.
func ParseMaterial(id string, a Algorithm, material []byte) (VerificationKey, error) {
	var key any = material
	if a != HS256 {
		var err error
		if key, err = x509.ParsePKIXPublicKey(material); err != nil {
			return VerificationKey{}, &Error{Code: CodeKeyInvalid, Err: err}
		}
	}
	v, err := newVerificationKey(id, key)
	if err == nil && v.algorithm != a {
		err = refuse(CodeKeyInvalid, "alg", "the key is for %s", v.algorithm)
	}
	if err != nil {
		return VerificationKey{}, err
	}
	return v, nil
}

func validKeyID(id string) bool {
	return id != "" && len(id) <= maxKeyID && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}
