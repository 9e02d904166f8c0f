package notify

// RouteAddr returns the address where the node accepts routes.
func (b *Bus) RouteAddr() string { return b.embedded.ClusterAddr().String() }

// ClientURL returns the address of the client port that a cluster opens.
func (b *Bus) ClientURL() string { return b.embedded.ClientURL() }
