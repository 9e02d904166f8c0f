package webhook

import "context"

// Dial dials as the worker does.
func Dial(ctx context.Context, allowLoopback bool, address string) error {
	conn, err := dialer(allowLoopback)(ctx, "tcp", address)
	if err == nil {
		err = conn.Close()
	}
	return err
}
