package admin

import (
	"context"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// EndSessions revokes the tenant's open sessions, those of one technician if one is named, and gives their number. A
// session that is opened meanwhile stays.
func (s *Service) EndSessions(ctx context.Context, by Actor, tenant, technician string) (ended int64, err error) {
	ids, err := s.Sessions.SessionIDs(ctx, tenant, technician)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	err = s.perform(ctx, by, tenant, func(a *act) error {
		if ended, err = a.EndSessions(ctx, tenant, ids); err != nil {
			return err
		}
		e := verify.Event{
			Kind: verify.EventSessionsEnded, Subject: technician,
			Changes: diff([]fact{plain("sessions", ended)}, nil),
		}
		return a.apply(ctx, e, func() error { return nil })
	})
	if err != nil {
		return 0, err
	}
	return ended, nil
}
