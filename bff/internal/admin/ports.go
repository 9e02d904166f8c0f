package admin

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// Ledger stores the records that acts change, and the events of the acts.
type Ledger interface {
	// Administer runs the act in one transaction on the tenant and returns once it is durable. Transactions of one
	// tenant are as if one came after the other. If the act fails, nothing of it is kept, and Administer returns its
	// error. The act touches nothing but its Tx, and may be run again. CodeUnavailable: the database can't be reached.
	Administer(ctx context.Context, tenant string, act func(Tx) error) error
}

// Tx is the transaction of one act.
type Tx interface {
	verify.Journal
	TenantRecords
	CarrierRecords
	ConnectionRecords
	APIKeyRecords
	SessionRecords
	PolicyRecords
	BrandingRecords
	Locks
}

// TenantRecords stores tenants with their origins, signing keys, issuers and sign-in.
type TenantRecords interface {
	// Tenant gives one by its id, or CodeNotFound.
	Tenant(ctx context.Context, id string) (Tenant, error)
	// PutTenant stores a tenant in place of the one of its id.
	PutTenant(ctx context.Context, t Tenant) error
}

// CarrierRecords stores the carrier accounts of tenants, their secrets sealed.
type CarrierRecords interface {
	// Carrier gives the tenant's account with a carrier, or CodeNotFound.
	Carrier(ctx context.Context, tenant, carrier string) (CarrierAccount, error)
	// PutCarrier stores an account in place of the tenant's other one with that carrier. CodeNotFound: there is no such tenant.
	PutCarrier(ctx context.Context, a CarrierAccount) error
	// RemoveCarrier removes the account, if there is one.
	RemoveCarrier(ctx context.Context, tenant, carrier string) error
}

// ConnectionRecords stores the connections of tenants to their ticket systems, their secrets sealed.
type ConnectionRecords interface {
	// Connection gives the tenant's connection to the system, or CodeNotFound.
	Connection(ctx context.Context, tenant, system string) (Connection, error)
	// PutConnection stores a connection in place of the tenant's other one to that system. CodeNotFound: there is no such tenant.
	PutConnection(ctx context.Context, c Connection) error
	// RemoveConnection removes the connection, if there is one.
	RemoveConnection(ctx context.Context, tenant, system string) error
}

// APIKeyRecords stores the hashes of API keys.
type APIKeyRecords interface {
	// APIKey gives a key of any tenant by its id, or CodeNotFound.
	APIKey(ctx context.Context, id string) (APIKey, error)
	// PutAPIKey stores a key in place of the one of its id.
	PutAPIKey(ctx context.Context, k APIKey) error
	// RemoveAPIKey removes the tenant's key, if there is one.
	RemoveAPIKey(ctx context.Context, tenant, id string) error
}

// SessionRecords revokes sessions.
type SessionRecords interface {
	// EndSessions revokes those of the tenant's sessions that are still open, and gives their number.
	EndSessions(ctx context.Context, tenant string, ids []string) (int64, error)
}

// PolicyRecords stores the overrides of each level of the policy.
type PolicyRecords interface {
	// Overrides gives what the client sets, or with an empty client the tenant; of version 0 if nothing was ever set.
	Overrides(ctx context.Context, tenant, client string) (policy.Overrides, error)
	// PutOverrides stores them in place of those of the version before; false, and nothing stored, if that is
	// not the version that is there.
	PutOverrides(ctx context.Context, s policy.Overrides) (bool, error)
}

// BrandingRecords stores the theme, texts and logos of a tenant.
type BrandingRecords interface {
	// Branding gives what is set; of version 0 if nothing ever was.
	Branding(ctx context.Context, tenant string) (verify.Branding, error)
	// PutBranding stores it in place of that of the version before, its images in place of all the tenant's;
	// false, and nothing stored, if that is not the version that is there.
	PutBranding(ctx context.Context, b verify.Branding) (bool, error)
}

// Locks clears what keeps messages from a contact.
type Locks interface {
	// Standing gives what holds back messages to the contact. The destination may be empty.
	Standing(ctx context.Context, tenant, contact, destination string) (verify.Standing, error)
	// ClearFailures sets the contact's consecutive failures to zero.
	ClearFailures(ctx context.Context, tenant, contact string) error
	// SetDenied records that the contact said "I did not ask for this", or clears it.
	SetDenied(ctx context.Context, tenant, contact string, denied bool) error
	// ClearSuppressions removes those that came from the contact's verifications, and gives their number.
	ClearSuppressions(ctx context.Context, tenant, contact string) (int, error)
}

// Sessions lists sessions, outside of any transaction.
type Sessions interface {
	// SessionIDs gives the tenant's open sessions; those of one technician if one is named.
	SessionIDs(ctx context.Context, tenant, technician string) ([]string, error)
}

// Checks are the rules that need a library or an adapter. An error without a code is for people: it says what is wrong.
type Checks interface {
	TrustChecks
	AccountChecks
	FormatChecks
}

// TrustChecks validates whom a tenant is about to trust.
type TrustChecks interface {
	// CheckSecret refuses a shared secret that can be guessed.
	CheckSecret(secret []byte) error
	// CheckKeys refuses keys that don't fit their algorithm, or each other.
	CheckKeys(keys []SigningKey) error
	// CheckIssuers refuses issuers whose tokens could not be checked or read.
	CheckIssuers(issuers []Issuer, keys []SigningKey) error
	// CheckSignIn refuses a sign-in by which technicians could not be told.
	CheckSignIn(in SignIn) error
}

// AccountChecks validates what only an adapter can read.
type AccountChecks interface {
	// CheckCarrier refuses an account that can't send, or whose delivery reports could be forged.
	CheckCarrier(a CarrierAccount) error
	// TryCarrier signs in at the carrier. It sends nothing.
	TryCarrier(ctx context.Context, a CarrierAccount) error
	// CheckConnection refuses settings and secrets that can't work, and hosts inside the network.
	CheckConnection(c Connection) error
}

// FormatChecks validates values of tenants.
type FormatChecks interface {
	// CheckName refuses a name that could deceive readers of messages and pages, or break them. limit is in characters.
	CheckName(name string, limit int) error
	// CheckRegion refuses what is not a country's two capital letters.
	CheckRegion(region string) error
	// CheckOrigin refuses what is not a scheme and a host as browsers send them.
	CheckOrigin(origin string) error
	// CheckURL refuses a URL that the server must not call.
	CheckURL(url string) error
}
