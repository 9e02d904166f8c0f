package verify

import "time"

// Clientele is the people of one client, as one of the tenant's ticket systems knows them.
type Clientele struct{ Tenant, System, Client string }

// Card is one of them in the directory that vendors push to.
type Card struct {
	ID   string
	Body []byte    // the contact in the shape of launch contexts; sealed where it is stored
	At   time.Time // when it was pushed last
}
