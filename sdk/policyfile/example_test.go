package policyfile_test

import (
	"fmt"

	"github.com/shieldpod/shieldpod/sdk/policyfile"
)

func ExampleParse() {
	_, err := policyfile.Parse("policy.yaml", []byte("clients:\n  contoso:\n    code_length: eight\n"))
	fmt.Println(err)
	// Output: policy.yaml:3: clients.contoso.code_length: must be a whole number in digits
}

func ExampleFile_Format() {
	f, err := policyfile.Parse("policy.yaml", []byte(`clients: {contoso: {methods: [email_link], name: "Contoso", version: 7}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	content, err := f.Format()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(content))
	// Output:
	// # What the tenant sets, and what its clients override. A field that is left out is the level's above:
	// # the tenant's over a client's, Shieldpod's own over the tenant's. docs/policies.md lists the fields.
	// clients:
	//   contoso:
	//     name: Contoso
	//     version: 7
	//     methods: [email_link]
}

func ExampleChanges() {
	before, _ := policyfile.Parse("before.yaml", []byte("default: {code_length: 6}"))
	after, _ := policyfile.Parse("after.yaml", []byte("default: {code_length: 8}"))
	changes, err := policyfile.Changes(before.Default.Fields, after.Default.Fields)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range changes {
		fmt.Printf("%s: %s, then %s\n", c.Field, c.From, c.To)
	}
	// Output: code_length: 6, then 8
}
