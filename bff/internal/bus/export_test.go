package bus

// RouteAddr is where the node takes routes, when it was told to choose a port.
func (b *Bus) RouteAddr() string { return b.engine.ClusterAddr().String() }
