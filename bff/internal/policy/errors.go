package policy

// Problem is a stable word for what is wrong with a value. It is the error code of the contract.
type Problem string

// The problems.
const (
	Invalid     Problem = "invalid"         // a value is out of its range: Field says which
	Conflict    Problem = "policy_conflict" // two fields can't both hold: Field names one
	NoteMissing Problem = "note_required"   // the policy asks for an override note
)

// Error is a value that a policy can't hold, or does not take.
type Error struct {
	Problem Problem
	Field   string // where it is: a policy's begin with "fields."; empty for NoteMissing
	Public  string // for people; it has no secret and no personal data in it
}

// Error gives the problem and the field, for logs.
func (e *Error) Error() string {
	if e.Field == "" {
		return string(e.Problem)
	}
	return string(e.Problem) + " (" + e.Field + ")"
}
