package policyfile

// Shapes lists the fields, each with what it is made of.
func Shapes() []string {
	said := map[shape]string{text: "text", yesOrNo: "yes or no", number: "number", words: "list", texts: "list", banner: "banner", prices: "prices"}
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.name + ": " + said[f.shape]
	}
	return list
}
