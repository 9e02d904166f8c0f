package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
)

const (
	robotsPage  = 200 // clients that are read at once
	robotsNamed = 5   // clients that are printed by name
)

// robots warns of policies under which a mail robot that presses Validate verifies: links by e-mail without number
// matching. It is no failure, because the tenant may choose it.
func (c *checkup) robots(ctx context.Context, t admin.Tenant) error {
	own, err := c.db.PolicyLevel(ctx, t.ID, "")
	if err != nil {
		return err
	}
	const next = "set number_matching (docs/policies.md)"
	if policy.Of(t.ForPolicy(), own, policy.Overrides{}).RobotsVerify() {
		c.say("--    %s: e-mail links go without number matching: a mail robot that presses Validate verifies; %s", t.ID, next)
	}
	var names []string
	count := 0
	for after := ""; ; {
		clients, err := c.db.PolicyPage(ctx, t.ID, after, robotsPage)
		if err != nil {
			return err
		}
		for _, client := range clients {
			_, methods := client.Fields["methods"]
			_, matching := client.Fields["number_matching"]
			if (methods || matching) && policy.Of(t.ForPolicy(), own, client).RobotsVerify() {
				if count++; len(names) < robotsNamed {
					names = append(names, client.Client)
				}
			}
			after = client.Client
		}
		if len(clients) < robotsPage {
			break
		}
	}
	if count > len(names) {
		names = append(names, fmt.Sprintf("%d more", count-len(names)))
	}
	if count > 0 {
		c.say("--    %s: the same by the policies of clients of its own: %s; %s", t.ID, strings.Join(names, ", "), next)
	}
	return nil
}
