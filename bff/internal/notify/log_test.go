package notify_test

import (
	"context"
	"log/slog"
)

// logRecorder records log messages. It drops them when it is full.
type logRecorder chan string

func (l logRecorder) logger() *slog.Logger                   { return slog.New(l) }
func (logRecorder) Enabled(context.Context, slog.Level) bool { return true }
func (l logRecorder) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l logRecorder) WithGroup(string) slog.Handler          { return l }
func (l logRecorder) Handle(_ context.Context, r slog.Record) error {
	select {
	case l <- r.Message:
	default:
	}
	return nil
}
