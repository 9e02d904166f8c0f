package digest_test

import (
	"encoding/hex"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/digest"
)

func TestListsThatJoinToTheSameTextDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, parts := range [][]string{
		{}, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"", "ab"}, {"ab", ""}, {"a\x00\x00\x00\x01b"}, {"\x00\x00\x00\x01a"},
	} {
		sum := digest.MAC([]byte("key"), parts...)
		joined := string(digest.Join(parts...))
		if seen[string(sum[:])] || seen[joined] {
			t.Errorf("%q is summed as another list", parts)
		}
		seen[string(sum[:])], seen[joined] = true, true
	}
}

func TestMACDependsOnTheKey(t *testing.T) {
	if digest.MAC([]byte("one"), "a") == digest.MAC([]byte("two"), "a") {
		t.Error("two keys give one digest")
	}
}

// Sealed values are stored with digests of these bytes: another form would make them unreadable.
func TestTheStoredFormStays(t *testing.T) {
	const want = "000000066f7574626f780000000461636d6500000000"
	if got := hex.EncodeToString(digest.Join("outbox", "acme", "")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	sum := digest.MAC([]byte("key"), "outbox", "acme")
	const wantSum = "10946cbf9fafccd78068e153c14393cca20f13d4c16f080a1c75cad99f400ffa"
	if got := hex.EncodeToString(sum[:]); got != wantSum {
		t.Errorf("%s, want %s", got, wantSum)
	}
}
