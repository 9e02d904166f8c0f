package httpapi

// StatusOf exposes statusOf to tests that compare the codes with the documentation.
var StatusOf = statusOf
