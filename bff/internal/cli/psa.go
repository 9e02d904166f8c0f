package cli

// psaCmd has the commands of each ticket system.
type psaCmd struct {
	ConnectWise connectwiseCmd `cmd:"" name:"connectwise" help:"Connect a tenant to its ConnectWise Manage."`
}
