package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// figure is what a phase came to.
type figure struct {
	Count  int     `json:"count"`
	Rate   float64 `json:"per_second,omitempty"` // the median of the rounds
	Rounds []rate  `json:"rounds,omitempty"`
	P50    millis  `json:"p50_ms"`
	P90    millis  `json:"p90_ms"`
	P99    millis  `json:"p99_ms"`
	P999   millis  `json:"p999_ms"`
}

type (
	rate   float64
	millis float64
)

// spread puts the latencies of all rounds in order.
func (f *figure) spread(took []time.Duration) {
	slices.Sort(took)
	at := func(part float64) millis {
		if len(took) == 0 {
			return 0
		}
		return millis(took[min(len(took)-1, int(part*float64(len(took))))].Seconds() * 1000)
	}
	f.Count = len(took)
	f.P50, f.P90, f.P99, f.P999 = at(.5), at(.9), at(.99), at(.999)
}

func (f *figure) median() {
	sorted := slices.Sorted(slices.Values(f.Rounds))
	if len(sorted) > 0 {
		f.Rate = float64(sorted[len(sorted)/2])
	}
}

// figures are one server's.
type figures struct {
	Launch    figure `json:"launch"`
	Bootstrap figure `json:"bootstrap"`
	Send      figure `json:"send"`
	Arrived   rate   `json:"messages_per_second"` // from the first send to the last message on a phone
	Check     figure `json:"code_check"`
	Green     figure `json:"validate_to_frame"`
	Pods      int    `json:"pods"`
	Memory    memory `json:"bytes_per_idle_pod"`
}

// memory is what the server has in use.
type memory struct {
	Resident int64 `json:"resident"`
	Live     int64 `json:"live"` // the heap after a collection, and the stacks
}

type report struct {
	Callers int      `json:"callers"`
	Server  *figures `json:"server"`
	Bare    *figures `json:"bare,omitempty"`
}

func (r report) json(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// table is for people.
func (r report) table(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := "\tdone\tper second\tp50 ms\tp90 ms\tp99 ms\tp99.9 ms\t"
	if r.Bare != nil {
		head += "bare\tof bare\t"
	}
	lines := []string{head}
	for _, row := range []struct {
		name string
		of   func(*figures) figure
	}{
		{"launch", func(f *figures) figure { return f.Launch }},
		{"bootstrap", func(f *figures) figure { return f.Bootstrap }},
		{"send", func(f *figures) figure { return f.Send }},
		{"code check", func(f *figures) figure { return f.Check }},
		{"validate → frame", func(f *figures) figure { return f.Green }},
	} {
		lines = append(lines, r.row(row.name, row.of))
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(t, l); err != nil {
			return err
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%d callers at a time; medians of %d rounds.\n%s", r.Callers, rounds, r.rest())
	return err
}

func (r report) row(name string, of func(*figures) figure) string {
	f := of(r.Server)
	line := fmt.Sprintf("%s\t%d\t%.0f\t%.1f\t%.1f\t%.1f\t%.1f\t", name, f.Count, f.Rate, f.P50, f.P90, f.P99, f.P999)
	if f.Rate == 0 {
		line = fmt.Sprintf("%s\t%d\t\t%.1f\t%.1f\t%.1f\t%.1f\t", name, f.Count, f.P50, f.P90, f.P99, f.P999)
	}
	if r.Bare == nil {
		return line
	}
	b := of(r.Bare)
	if b.Rate > 0 {
		return line + fmt.Sprintf("%.0f/s\t%.0f %%\t", b.Rate, 100*f.Rate/b.Rate)
	}
	return line + fmt.Sprintf("p50 %.1f, p99 %.1f\t\t", b.P50, b.P99)
}

func (r report) rest() string {
	kib := func(bytes int64) float64 { return float64(bytes) / 1024 }
	text := fmt.Sprintf("%d idle pods: %.1f KiB each in use, %.1f KiB resident.\n", r.Server.Pods, kib(r.Server.Memory.Live), kib(r.Server.Memory.Resident))
	if r.Bare != nil {
		text += fmt.Sprintf("Bare: %.1f KiB each in use, %.1f KiB resident.\n", kib(r.Bare.Memory.Live), kib(r.Bare.Memory.Resident))
	}
	return text + fmt.Sprintf("Messages reached the phone at %.0f a second while they were sent.\n", r.Server.Arrived)
}
