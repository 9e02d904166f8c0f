package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// figure is what a phase came to.
type figure struct {
	Count int     `json:"count"`
	Rate  float64 `json:"per_second,omitempty"`
	P50   millis  `json:"p50_ms"`
	P90   millis  `json:"p90_ms"`
	P99   millis  `json:"p99_ms"`
	P999  millis  `json:"p999_ms"`
}

type (
	rate   float64
	millis float64
)

// spread puts the latencies in order.
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

// figures are one server's.
type figures struct {
	Launch         figure `json:"launch"`
	Bootstrap      figure `json:"bootstrap"`
	BootstrapAgain figure `json:"bootstrap_returning"`
	Send           figure `json:"send"`
	SendAgain      figure `json:"send_returning"`
	Arrived        rate   `json:"messages_per_second"` // from the first send to the last message on a phone
	Check          figure `json:"code_check"`
	Green          figure `json:"validate_to_frame"`
	Pods           int    `json:"pods"`
	Memory         memory `json:"bytes_per_idle_pod"`
}

// medians gives the median of each number of the rounds.
func medians(rounds []*figures) *figures {
	phase := func(of func(*figures) *figure) (m figure) {
		m.Count = median(rounds, func(f *figures) int { return of(f).Count })
		m.Rate = median(rounds, func(f *figures) float64 { return of(f).Rate })
		m.P50 = median(rounds, func(f *figures) millis { return of(f).P50 })
		m.P90 = median(rounds, func(f *figures) millis { return of(f).P90 })
		m.P99 = median(rounds, func(f *figures) millis { return of(f).P99 })
		m.P999 = median(rounds, func(f *figures) millis { return of(f).P999 })
		return m
	}
	var m figures
	for _, of := range []func(*figures) *figure{
		func(f *figures) *figure { return &f.Launch }, func(f *figures) *figure { return &f.Bootstrap },
		func(f *figures) *figure { return &f.BootstrapAgain }, func(f *figures) *figure { return &f.Send },
		func(f *figures) *figure { return &f.SendAgain },
		func(f *figures) *figure { return &f.Check }, func(f *figures) *figure { return &f.Green },
	} {
		*of(&m) = phase(of)
	}
	m.Arrived = median(rounds, func(f *figures) rate { return f.Arrived })
	m.Pods = median(rounds, func(f *figures) int { return f.Pods })
	m.Memory.Resident = median(rounds, func(f *figures) int64 { return f.Memory.Resident })
	m.Memory.Live = median(rounds, func(f *figures) int64 { return f.Memory.Live })
	return &m
}

func median[T cmp.Ordered](rounds []*figures, of func(*figures) T) (m T) {
	var all []T
	for _, f := range rounds {
		all = append(all, of(f))
	}
	slices.Sort(all)
	if len(all) > 0 {
		m = all[len(all)/2]
	}
	return m
}

// memory is what the server has in use.
type memory struct {
	Resident int64 `json:"resident"`
	Live     int64 `json:"live"` // the heap after a collection, and the stacks
}

// report is what all rounds came to.
type report struct {
	Callers int      `json:"callers"`
	Tenants int      `json:"tenants"`
	History int      `json:"history"`
	Load    []string `json:"load_average"` // before the first round, and after each
	Servers []result `json:"servers"`
}

// result is one server's part of the report.
type result struct {
	Name    string   `json:"name"`
	Bare    bool     `json:"bare,omitempty"`
	Figures *figures `json:"figures"`
}

func (r report) json(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// table is for people, in Markdown.
func (r report) table(out io.Writer) error {
	var lines []string
	head, rule := "| what |", "| --- |"
	for _, s := range r.Servers {
		head, rule = head+" "+s.Name+" |", rule+" --- |"
	}
	lines = append(lines, head, rule)
	again := fmt.Sprintf("contacts with %d earlier verifications", r.History)
	for _, row := range []struct {
		name string
		of   func(*figures) figure
	}{
		{"launches", func(f *figures) figure { return f.Launch }},
		{"bootstraps, new contacts", func(f *figures) figure { return f.Bootstrap }},
		{"bootstraps, " + again, func(f *figures) figure { return f.BootstrapAgain }},
		{"sends, new contacts", func(f *figures) figure { return f.Send }},
		{"sends, " + again, func(f *figures) figure { return f.SendAgain }},
		{"code checks", func(f *figures) figure { return f.Check }},
	} {
		lines = append(lines, r.row(row.name, func(f *figures) string { return r.rated(row.of, f) }))
	}
	kib := func(bytes int64) float64 { return float64(bytes) / 1024 }
	lines = append(lines,
		r.row("messages on the phones, while they are sent", func(f *figures) string { return fmt.Sprintf("%.0f/s", f.Arrived) }),
		r.row("Validate to the pod's frame: p50, p99", func(f *figures) string { return fmt.Sprintf("%.1f, %.1f ms", f.Green.P50, f.Green.P99) }),
		r.row("memory per idle pod: in use, resident", func(f *figures) string {
			return fmt.Sprintf("%.1f, %.1f KiB", kib(f.Memory.Live), kib(f.Memory.Resident))
		}),
		"", r.conditions())
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

func (r report) row(name string, cell func(*figures) string) string {
	line := "| " + name + " |"
	for _, s := range r.Servers {
		line += " " + cell(s.Figures) + " |"
	}
	return line
}

// rated is a rate, with the slowest hundredth and the share of the bare slice's.
func (r report) rated(of func(*figures) figure, f *figures) string {
	text := fmt.Sprintf("%.0f/s, p99 %.1f ms", of(f).Rate, of(f).P99)
	for _, s := range r.Servers {
		if rate := of(s.Figures).Rate; s.Bare && s.Figures != f && rate > 0 {
			text += fmt.Sprintf(" (%.0f %% of bare)", 100*of(f).Rate/rate)
		}
	}
	return text
}

// conditions say how it was measured.
func (r report) conditions() string {
	pods := 0
	if len(r.Servers) > 0 {
		pods = r.Servers[0].Figures.Pods
	}
	return fmt.Sprintf("%d idle pods are open; %d callers at a time; tenants: %d; medians of %d rounds, each server once a round.\nLoad average before and after each round: %s.",
		pods, r.Callers, r.Tenants, len(r.Load)-1, strings.Join(r.Load, ", "))
}
