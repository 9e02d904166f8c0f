package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/cache"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestAValueIsFoundWhileItIsYoungerThanTheTTL(t *testing.T) {
	for _, c := range []struct {
		name  string
		ttl   time.Duration
		after time.Duration
		found bool
	}{
		{"at once", time.Minute, 0, true},
		{"just before the TTL", time.Minute, time.Minute - 1, true},
		{"at the TTL", time.Minute, time.Minute, false},
		{"after the clock was set back", time.Minute, -1, false},
		{"after a year without a TTL", 0, 365 * 24 * time.Hour, true},
		{"after the clock was set back, without a TTL", 0, -1, false},
	} {
		values := cache.New[string, int](2, c.ttl)
		values.Put("a", 1, noon)
		value, age, found := values.Get("a", noon.Add(c.after))
		if found != c.found || found && (value != 1 || age != c.after) {
			t.Errorf("%s: %d, %s, %t", c.name, value, age, found)
		}
	}
}

func TestTheLeastRecentlyUsedValueMakesRoom(t *testing.T) {
	values := cache.New[string, int](2, 0)
	values.Put("a", 1, noon)
	values.Put("b", 2, noon)
	values.Get("a", noon)
	values.Put("c", 3, noon)
	for key, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if _, _, found := values.Get(key, noon); found != want {
			t.Errorf("%s is found: %t", key, found)
		}
	}
}

func TestWeightsAreBoundedTogether(t *testing.T) {
	words := cache.NewWeighed[string](10, 0, func(word string) int { return len(word) })
	for _, step := range []struct {
		key, word string
		want      int // values then
	}{{"a", "1234", 1}, {"b", "1234", 2}, {"b", "123456", 2}, {"a", "1", 2}, {"c", "123", 3}, {"d", "12345678901", 0}, {"e", "1234567890", 1}} {
		words.Put(step.key, step.word, noon)
		if words.Len() != step.want {
			t.Errorf("after %s=%s: %d values, want %d", step.key, step.word, words.Len(), step.want)
		}
	}
}

func TestExpiredValuesDoNotStay(t *testing.T) {
	values := cache.New[int, int](100, time.Minute)
	for i := range 50 {
		values.Put(i, i, noon)
	}
	values.Put(1000, 0, noon.Add(time.Minute))
	if values.Len() != 1 {
		t.Errorf("%d values", values.Len())
	}
}

func TestConcurrentCallersShareOneLoadAndItsError(t *testing.T) {
	broken := errors.New("broken")
	for _, want := range []error{nil, broken} {
		synctest.Test(t, func(t *testing.T) {
			values := cache.New[string, int](2, time.Minute)
			loads := 0
			release := make(chan struct{})
			var callers sync.WaitGroup
			for range 5 {
				callers.Go(func() {
					value, err := values.Load(t.Context(), "a", noon, func() (int, error) {
						loads++
						<-release
						return 7, want
					})
					if value != 7 || !errors.Is(err, want) {
						t.Errorf("%d, %v", value, err)
					}
				})
			}
			synctest.Wait()
			close(release)
			callers.Wait()
			if loads != 1 {
				t.Errorf("%d loads", loads)
			}
			if _, _, found := values.Get("a", noon); found != (want == nil) {
				t.Errorf("stored after %v: %t", want, found)
			}
		})
	}
}

func TestALoadThatAnInvalidationOvertakesIsNotStored(t *testing.T) {
	for name, c := range map[string]struct {
		invalidate func(*cache.Cache[string, int])
		stored     bool
	}{
		"of the key":        {func(c *cache.Cache[string, int]) { c.Remove("a") }, false},
		"of another key":    {func(c *cache.Cache[string, int]) { c.Remove("b") }, true},
		"of all that match": {func(c *cache.Cache[string, int]) { c.RemoveFunc(func(string, int) bool { return false }) }, false},
	} {
		values := cache.New[string, int](2, time.Minute)
		value, err := values.Load(t.Context(), "a", noon, func() (int, error) {
			c.invalidate(values)
			later, err := 0, error(nil)
			if !c.stored { // a caller after the invalidation does not wait for the load before it
				later, err = values.Load(t.Context(), "a", noon, func() (int, error) { return 2, nil })
				values.Remove("a")
			}
			if !c.stored && later != 2 {
				t.Errorf("%s: a later caller gets %d", name, later)
			}
			return 1, err
		})
		if value != 1 || err != nil {
			t.Errorf("%s: %d, %v", name, value, err)
		}
		if _, _, found := values.Get("a", noon); found != c.stored {
			t.Errorf("%s: stored: %t", name, found)
		}
	}
}

func TestAWaitingCallerLoadsWhenTheLoadingCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		values := cache.New[string, int](2, time.Minute)
		first, leave := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, err := values.Load(first, "a", noon, func() (int, error) { <-first.Done(); return 0, first.Err() }); !errors.Is(err, context.Canceled) {
				t.Errorf("the caller that left: %v", err)
			}
		})
		synctest.Wait()
		callers.Go(func() {
			if value, err := values.Load(t.Context(), "a", noon, func() (int, error) { return 2, nil }); value != 2 || err != nil {
				t.Errorf("the caller that stayed: %d, %v", value, err)
			}
		})
		synctest.Wait()
		leave()
		callers.Wait()
	})
}

func TestAWaitingCallerThatLeavesGetsItsOwnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		values := cache.New[string, int](2, time.Minute)
		release := make(chan struct{})
		var callers sync.WaitGroup
		callers.Go(func() {
			_, _ = values.Load(t.Context(), "a", noon, func() (int, error) { <-release; return 1, nil })
		})
		synctest.Wait()
		mine, leave := context.WithCancel(t.Context())
		own := errors.New("own")
		callers.Go(func() {
			if _, err := values.Load(mine, "a", noon, func() (int, error) { return 0, own }); !errors.Is(err, own) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		close(release)
		callers.Wait()
	})
}

func TestAPanicOfALoadFreesTheWaitingCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		values := cache.New[string, int](2, time.Minute)
		release := make(chan struct{})
		var callers sync.WaitGroup
		callers.Go(func() {
			defer func() { _ = recover() }()
			_, _ = values.Load(t.Context(), "a", noon, func() (int, error) { <-release; panic("a defect") })
		})
		synctest.Wait()
		callers.Go(func() {
			if value, err := values.Load(t.Context(), "a", noon, func() (int, error) { return 2, nil }); value != 2 || err != nil {
				t.Errorf("%d, %v", value, err)
			}
		})
		synctest.Wait()
		close(release)
		callers.Wait()
	})
}

func TestRemoveFuncRemovesWhatMatches(t *testing.T) {
	values := cache.New[string, int](10, 0)
	for i, key := range []string{"a", "b", "c"} {
		values.Put(key, i, noon)
	}
	values.RemoveFunc(func(key string, value int) bool { return key == "a" || value == 2 })
	if _, _, found := values.Get("b", noon); !found || values.Len() != 1 {
		t.Errorf("%d values are left", values.Len())
	}
}

func BenchmarkHit(b *testing.B) {
	values := cache.New[string, int](10, time.Minute)
	values.Put("a", 1, noon)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := values.Load(b.Context(), "a", noon, func() (int, error) { return 0, errors.New("a hit loads nothing") }); err != nil {
			b.Fatal(err)
		}
	}
}
