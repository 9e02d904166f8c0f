package bus_test

import (
	"context"
	"log/slog"
)

// logged takes what a node has to say, and forgets what nobody waits for.
type logged chan string

func (l logged) logger() *slog.Logger                   { return slog.New(l) }
func (logged) Enabled(context.Context, slog.Level) bool { return true }
func (l logged) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l logged) WithGroup(string) slog.Handler          { return l }
func (l logged) Handle(_ context.Context, r slog.Record) error {
	select {
	case l <- r.Message:
	default:
	}
	return nil
}
