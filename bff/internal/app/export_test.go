package app

// CloseBus ends the bus under a running server.
func (srv *Server) CloseBus() { srv.bus.Close() }

// FlushSecurity writes what the security log has counted.
func (srv *Server) FlushSecurity() { srv.security.Flush() }
