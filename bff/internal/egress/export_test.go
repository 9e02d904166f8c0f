package egress

import "context"

// Dial connects as a client does.
func Dial(ctx context.Context, allowLoopback bool, address string) error {
	conn, err := dialer(allowLoopback).DialContext(ctx, "tcp", address)
	if err == nil {
		err = conn.Close()
	}
	return err
}
