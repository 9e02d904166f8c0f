package launchcontext

import (
	"crypto/rsa"
	"math/big"
	"sync"
)

const minExponent = 3

// judgeRSA refuses keys that can be broken without factoring by force. They come from faulty generators, and are refused
// wherever a key is registered or fetched.
func judgeRSA(k *rsa.PublicKey) error {
	switch {
	case k.N == nil || k.N.Sign() <= 0 || k.N.BitLen() < minRSABits:
		return refuse(CodeKeyWeak, "n", "an RSA key must have %d bits or more", minRSABits)
	case k.N.BitLen() > maxRSABits:
		return refuse(CodeKeyInvalid, "n", "an RSA key must have %d bits or fewer", maxRSABits)
	case k.E < minExponent || k.E%2 == 0:
		return refuse(CodeKeyWeak, "e", "the exponent must be odd, and %d or more (65537 is usual)", minExponent)
	case isROCA(k.N):
		return refuse(CodeKeyWeak, "n", "the key was made by a chip or library with the ROCA flaw (CVE-2017-15361): make a new key elsewhere")
	}
	return nil
}

// judgeFactors looks for small factors, for primes that lie close together, which Fermat's method finds at once (CVE-2022-26320), and for
// moduli that are themselves a prime or a square.
func judgeFactors(k *rsa.PublicKey) error {
	if hasSmallFactor(k.N) || hasClosePrimes(k.N) || k.N.ProbablyPrime(0) {
		return refuse(CodeKeyWeak, "n", "the modulus is easy to factor: make a new key")
	}
	return nil
}

const (
	smallFactors = 2000 // primes below it are tried
	rocaFactors  = 701  // the largest prime in the primorial of the flawed generator, for keys of 2048 bits and more
	fermatSteps  = 100
)

// smallPrime is a prime with the powers of 65537 modulo it.
type smallPrime struct {
	p     uint64
	power []bool // by residue; nil beyond rocaFactors
}

var smallPrimes = sync.OnceValue(func() []smallPrime {
	var primes []smallPrime
	for p := uint64(3); p < smallFactors; p += 2 {
		if !new(big.Int).SetUint64(p).ProbablyPrime(0) {
			continue
		}
		prime := smallPrime{p: p}
		if p <= rocaFactors {
			prime.power = make([]bool, p)
			for r := uint64(1); !prime.power[r]; r = r * 65537 % p {
				prime.power[r] = true
			}
		}
		primes = append(primes, prime)
	}
	return primes
})

func hasSmallFactor(n *big.Int) bool {
	if n.Bit(0) == 0 {
		return true
	}
	for _, prime := range smallPrimes() {
		if residue(n, prime.p) == 0 {
			return true
		}
	}
	return false
}

// isROCA tells moduli of primes k·M + (65537^a mod M), M a product of the first primes: the fingerprint of Nemec et al.,
// "The Return of Coppersmith's Attack". Modulo each of those primes such a modulus is a power of 65537. A random one is
// so for all of them with less than one chance in 2^100.
func isROCA(n *big.Int) bool {
	for _, prime := range smallPrimes() {
		if prime.power != nil && !prime.power[residue(n, prime.p)] {
			return false
		}
	}
	return true
}

func residue(n *big.Int, p uint64) uint64 {
	var r big.Int
	return r.Mod(n, r.SetUint64(p)).Uint64()
}

// hasClosePrimes tries Fermat's method: n is a²−b² with a near its square root.
func hasClosePrimes(n *big.Int) bool {
	a := new(big.Int).Sqrt(n)
	one, square, root := big.NewInt(1), new(big.Int), new(big.Int)
	for range fermatSteps {
		square.Sub(square.Mul(a, a), n)
		if square.Sign() >= 0 && maybeSquare(square) {
			root.Sqrt(square)
			if root.Mul(root, root).Cmp(square) == 0 {
				return true
			}
		}
		a.Add(a, one)
	}
	return false
}

// maybeSquare rules most numbers out by their last six bits.
func maybeSquare(n *big.Int) bool {
	const ends = 1<<0 | 1<<1 | 1<<4 | 1<<9 | 1<<16 | 1<<17 | 1<<25 | 1<<33 | 1<<36 | 1<<41 | 1<<49 | 1<<57
	low := uint64(0)
	for i := range 6 {
		low |= uint64(n.Bit(i)) << i
	}
	return uint64(ends)>>low&1 == 1
}
