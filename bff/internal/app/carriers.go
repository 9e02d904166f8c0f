package app

import (
	"net/http"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/graph"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/courier/smtp"
	"github.com/shieldpod/shieldpod/bff/internal/courier/twilio"
	"github.com/shieldpod/shieldpod/bff/internal/courier/vonage"
	"github.com/shieldpod/shieldpod/bff/internal/store"
)

// Carriers are all carriers by which tenants and the platform can send.
var Carriers = courier.Plugins{sendgrid.Plugin, graph.Plugin, smtp.Plugin, vonage.Plugin, twilio.Plugin}

// mountReports mounts the routes of delivery reports.
func mountReports(mux *http.ServeMux, c courier.ReportConfig) {
	for _, carrier := range Carriers {
		for _, pattern := range carrier.Patterns() {
			mux.Handle(pattern, courier.NewReportHandler(carrier, c))
		}
	}
}

// newMessageQueues gives the courier the queues of each kind of channel.
func newMessageQueues(db *store.Store) map[channel.Kind]courier.Queues {
	queues := map[channel.Kind]courier.Queues{}
	for _, kind := range []channel.Kind{channel.Email, channel.Phone} {
		queues[kind] = courier.Queues{Messages: db.Messages(kind), Lapsed: db.LapsedMessages(kind)}
	}
	return queues
}
