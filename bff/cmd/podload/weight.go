package main

import (
	"fmt"
	"net/http"
	"strings"
)

// weigh reads what the server has in use, once it has tidied up: bootstraps make it collect its garbage.
func (l *load) weigh() (memory, error) {
	if l.metrics == "" {
		return memory{}, nil
	}
	line := l.lines[0]
	scrape, err := open(l.ctx, l.metrics)
	if err != nil {
		return memory{}, err
	}
	defer scrape.close()
	first, err := readMetrics(scrape)
	if err != nil {
		return memory{}, err
	}
	lowest := first.Live
	last := first
	for i := 0; last.collections < first.collections+3; i++ {
		if err := l.ctx.Err(); err != nil {
			return memory{}, err
		}
		c := l.callers[i%len(l.callers)]
		if _, err := line.want(http.StatusOK, "GET", "/api/v1/pod", bearer(c.token), nil); err != nil {
			return memory{}, err
		}
		if i%100 == 0 {
			if last, err = readMetrics(scrape); err != nil {
				return memory{}, err
			}
			if last.collections > first.collections+1 {
				lowest = min(lowest, last.Live)
			}
		}
	}
	return memory{Resident: last.Resident, Live: lowest}, nil
}

type metrics struct {
	memory
	collections int64
}

func readMetrics(line *line) (m metrics, err error) {
	text, err := line.want(http.StatusOK, "GET", "/metrics", "", nil)
	if err != nil {
		return m, err
	}
	var heap, stacks float64
	values := map[string]*float64{
		"go_memstats_heap_alloc_bytes": &heap, "go_memstats_stack_inuse_bytes": &stacks,
		"process_resident_memory_bytes": new(float64), "go_gc_duration_seconds_count": new(float64),
	}
	for row := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(row), " ")
		if into := values[name]; into != nil {
			if _, err := fmt.Sscanf(value, "%g", into); err != nil {
				return m, fmt.Errorf("metrics: %s: %w", name, err)
			}
		}
	}
	m.Live = int64(heap + stacks)
	m.Resident = int64(*values["process_resident_memory_bytes"])
	m.collections = int64(*values["go_gc_duration_seconds_count"])
	return m, nil
}
