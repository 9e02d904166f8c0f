package courier_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/courier/sendgrid"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// BenchmarkSendGridBatch posts batches of 1,000 events to the webhook, each with news: signature, one durable transaction
// on SQLite, one chained event each. A tenth of them are failures.
func BenchmarkSendGridBatch(b *testing.B) {
	const batch = 1000
	s := storetest.SQLite(b)
	if err := storetest.PutTenant(b.Context(), s, verify.Tenant{ID: "acme", Name: "Acme IT"}); err != nil {
		b.Fatal(err)
	}
	storetest.SetPolicy(b, s, "acme", "", storetest.Unbounded)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	svc := storetest.Service(s, time.Now)
	accounts := reportAccounts(b, key, "the account's signature secret")
	mux := http.NewServeMux()
	for _, pattern := range sendgrid.Plugin.Patterns() {
		mux.Handle(pattern, courier.NewReportHandler(sendgrid.Plugin, courier.ReportConfig{Accounts: accounts, Reports: svc, Now: time.Now}))
	}
	rates := make([]float64, 0, b.N)
	b.ResetTimer()
	for n := range b.N {
		b.StopTimer()
		r := eventsRequest(b, key, sendMails(b, svc, n*batch, batch))
		response := httptest.NewRecorder()
		b.StartTimer()
		began := time.Now()
		mux.ServeHTTP(response, r)
		rates = append(rates, batch/time.Since(began).Seconds())
		if response.Code != http.StatusNoContent {
			b.Fatalf("HTTP %d: %s", response.Code, response.Body)
		}
	}
	b.StopTimer()
	checkChain(b, s, int64(2*batch*b.N))
	slices.Sort(rates)
	b.ReportMetric(rates[len(rates)/2], "events/s(median)")
	b.ReportMetric(0, "ns/op")
}

// sendMails sends count links to contacts numbered from first and returns their jobs.
func sendMails(b *testing.B, svc *verify.Service, first, count int) []string {
	b.Helper()
	jobs := make([]string, count)
	var workers sync.WaitGroup
	for part := range 50 {
		workers.Go(func() {
			for i := part; i < count; i += 50 {
				c := ticketContext
				id := fmt.Sprint("contact-", first+i)
				c.Contacts = []verify.Contact{{ID: id, Name: "Dana Reyes", Channels: []verify.Channel{
					{ID: "mail", Kind: channel.Email, Value: id + "@contoso.com"},
				}}}
				c.DefaultContact = id
				result, err := svc.Send(b.Context(), c, verify.Request{Contact: id, Channel: "mail", Method: channel.EmailLink, Key: "benchmark-key-" + id})
				if err != nil {
					b.Error(err)
					return
				}
				jobs[i] = result.Verification
			}
		})
	}
	workers.Wait()
	return jobs
}

// eventsRequest returns SendGrid's signed request with one event per job.
func eventsRequest(b *testing.B, key *ecdsa.PrivateKey, jobs []string) *http.Request {
	b.Helper()
	lines := make([]string, len(jobs))
	for i, job := range jobs {
		kind := `"event":"delivered","response":"250 2.0.0 OK"`
		if i%10 == 9 {
			kind = `"event":"bounce","type":"bounce","status":"5.2.2","reason":"552 5.2.2 The email account that you tried to reach is over quota."`
		}
		lines[i] = fmt.Sprintf(`{"email":"contact-%d@contoso.com","timestamp":%d,"smtp-id":"<%s@ismtpd>","sg_event_id":"ZGVsaXZlcmVkLTA%d","sg_message_id":"%s.recvd-7bc98fb8f-0",`+
			`"ip":"168.245.0.1","tls":1,"shieldpod_job":%q,%s}`, i, time.Now().Unix(), job, i, job, job, kind)
	}
	body := "[" + strings.Join(lines, ",\r\n") + "]\r\n"
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	hash := sha256.Sum256([]byte(stamp + body))
	signature, err := ecdsa.SignASN1(rand.Reader, key, hash[:])
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hooks/sendgrid/acme", strings.NewReader(body))
	r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature))
	r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", stamp)
	return r
}

// checkChain checks that the tenant's chain is intact and has the length.
func checkChain(b *testing.B, s *store.Store, want int64) {
	b.Helper()
	if events, broken, err := s.VerifyChain(b.Context(), "acme"); events != want || broken != nil || err != nil {
		b.Errorf("a chain of %d events (%v, %v), want %d", events, broken, err, want)
	}
}
