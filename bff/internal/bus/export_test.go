package bus

// RouteAddr is where the node takes routes, when it was told to choose a port.
func (b *Bus) RouteAddr() string { return b.engine.ClusterAddr().String() }

// ClientURL is where the engine of a cluster takes clients, because it has to.
func (b *Bus) ClientURL() string { return b.engine.ClientURL() }
