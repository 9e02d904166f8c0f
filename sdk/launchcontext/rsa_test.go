package launchcontext

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"math/big"
	"testing"
)

func randomPrime(t testing.TB, bits int) *big.Int {
	t.Helper()
	p, err := rand.Prime(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rocaPrime is built as the flawed library did: k·M + (65537^a mod M), with the primorial M of its size of keys.
func rocaPrime(t testing.TB, bits, primes int) *big.Int {
	t.Helper()
	m, count := big.NewInt(2), 1
	for p := int64(3); count < primes; p += 2 {
		if big.NewInt(p).ProbablyPrime(0) {
			m.Mul(m, big.NewInt(p))
			count++
		}
	}
	random := func(limit *big.Int) *big.Int {
		n, err := rand.Int(rand.Reader, limit)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	low := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(3), uint(bits-2)), m)
	span := new(big.Int).Sub(new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), uint(bits)), m), low)
	for {
		p := new(big.Int).Add(low, random(span))
		p.Mul(p, m)
		p.Add(p, new(big.Int).Exp(big.NewInt(65537), random(m), m))
		if p.BitLen() == bits && p.ProbablyPrime(10) {
			return p
		}
	}
}

func product(factors ...*big.Int) *big.Int {
	n := big.NewInt(1)
	for _, f := range factors {
		n.Mul(n, f)
	}
	return n
}

func nextPrime(from *big.Int) *big.Int {
	p := new(big.Int).Add(from, big.NewInt(2))
	for !p.ProbablyPrime(10) {
		p.Add(p, big.NewInt(2))
	}
	return p
}

func TestThreat_06_AnRSAKeyThatCanBeBrokenIsRefusedWhereverItComesFrom(t *testing.T) {
	p, q := randomPrime(t, 1024), randomPrime(t, 1024)
	good := product(p, q)
	mersenne := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 2203), big.NewInt(1))
	cases := []struct {
		name  string
		n     *big.Int
		e     int
		field string // empty: taken
	}{
		{"a sound key", good, 65537, ""},
		{"a sound key with the exponent 3", good, 3, ""},
		{"ROCA, 2048 bits", product(rocaPrime(t, 1024, 126), rocaPrime(t, 1024, 126)), 65537, "n"},
		{"1024 bits", product(randomPrime(t, 512), randomPrime(t, 512)), 65537, "n"},
		{"2047 bits", new(big.Int).Rsh(good, 1), 65537, "n"},
		{"the exponent 1", good, 1, "e"},
		{"the exponent 2", good, 2, "e"},
		{"an even exponent", good, 65536, "e"},
		{"the exponent 0", good, 0, "e"},
		{"a negative exponent", good, -3, "e"},
		{"an even modulus", new(big.Int).Lsh(good, 1), 65537, "n"},
		{"a factor of 3", product(good, big.NewInt(3)), 65537, "n"},
		{"a factor of 1999", product(good, big.NewInt(1999)), 65537, "n"},
		{"primes beside each other", product(p, nextPrime(p)), 65537, "n"},
		{"primes that lie close together", product(p, nextPrime(new(big.Int).Add(p, new(big.Int).Lsh(big.NewInt(1), 480)))), 65537, "n"},
		{"a square", product(p, p), 65537, "n"},
		{"a prime", mersenne, 65537, "n"},
		{"no modulus", new(big.Int), 65537, "n"},
		{"a negative modulus", new(big.Int).Neg(good), 65537, "n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			key := &rsa.PublicKey{N: c.n, E: c.e}
			_, err := NewVerificationKey("k1", key)
			wantWeak(t, "NewVerificationKey", err, c.field)
			if c.n.Sign() <= 0 || c.e <= 0 {
				return // no JWK can say so
			}
			single, err := jwk{Kid: "k1"}.with(key)
			if err != nil {
				t.Fatal(err)
			}
			_, err = ParsePublicKey(single, "k1")
			wantWeak(t, "ParsePublicKey", err, c.field)
			set, err := json.Marshal(map[string][]json.RawMessage{"keys": {single}})
			if err != nil {
				t.Fatal(err)
			}
			keys, err := ParseKeySet(set)
			if err != nil || (len(keys) == 1) != (c.field == "") {
				t.Errorf("ParseKeySet gives %d keys, %v", len(keys), err)
			}
		})
	}
}

func wantWeak(t *testing.T, by string, err error, field string) {
	t.Helper()
	var e *Error
	_ = errors.As(err, &e)
	switch {
	case field == "" && err != nil:
		t.Errorf("%s: %v", by, err)
	case field != "" && (e == nil || e.Code != CodeKeyWeak || e.Field != field):
		t.Errorf("%s: %v; want %s of %s", by, err, CodeKeyWeak, field)
	}
}

func TestAStoredROCAKeyIsRefusedWhenItIsUsed(t *testing.T) {
	k := VerificationKey{key: &rsa.PublicKey{N: product(rocaPrime(t, 1024, 126), rocaPrime(t, 1024, 126)), E: 65537}}
	material, err := k.Material()
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseMaterial("k1", RS256, material)
	wantWeak(t, "ParseMaterial", err, "n")
}

func TestRandomModuliAreNotTakenForROCA(t *testing.T) {
	n := make([]byte, 256)
	for range 5000 {
		if _, err := rand.Read(n); err != nil {
			t.Fatal(err)
		}
		if isROCA(new(big.Int).SetBytes(n)) {
			t.Fatalf("%x", n)
		}
	}
}

func BenchmarkJudgeRSA(b *testing.B) {
	key := &rsa.PublicKey{N: product(randomPrime(b, 1024), randomPrime(b, 1024)), E: 65537}
	for b.Loop() {
		if err := judgeRSA(key); err != nil {
			b.Fatal(err)
		}
	}
}
func BenchmarkJudgeFactors(b *testing.B) {
	key := &rsa.PublicKey{N: product(randomPrime(b, 1024), randomPrime(b, 1024)), E: 65537}
	for b.Loop() {
		if err := judgeFactors(key); err != nil {
			b.Fatal(err)
		}
	}
}
