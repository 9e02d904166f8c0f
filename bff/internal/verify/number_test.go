package verify

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestThreat_12_TheRightNumberIsNeverFirstOrLast(t *testing.T) {
	keys, others := Keys{Code: make([]byte, 32)}, Keys{Code: []byte("another key of thirty-two bytes.")}
	places, differs := map[int]int{}, 0
	for n := range 2000 {
		id := "v_" + strings.Repeat("0", n%3) + string(rune('a'+n%26)) + time.Duration(n).String()
		all, right := keys.grid(id)
		again, same := keys.grid(id)
		if diff := cmp.Diff(all, again); diff != "" || right != same {
			t.Fatalf("the grid of %s changes", id)
		}
		seen := map[string]bool{}
		for i, number := range all {
			if len(number) != 2 || number[0] == '0' || seen[number] {
				t.Fatalf("the grid of %s has %s", id, number)
			}
			seen[number] = true
			if number == right {
				places[i]++
			}
		}
		if theirs, _ := others.grid(id); len(all) != 9 || cmp.Equal(all, theirs) {
			differs++
		}
	}
	if len(places) != 7 || places[0] != 0 || places[8] != 0 || differs > 0 {
		t.Errorf("the right one stands at %v; %d grids are the same under another key", places, differs)
	}
}
