package policyfile_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/sdk/policyfile"
)

// bombs are files that cost some reader of YAML far more than their size.
func bombs(size int) map[string]string {
	fill := func(begin, item, end string) string {
		return begin + strings.Repeat(item, max(1, (size-len(begin)-len(end))/len(item))) + end
	}
	steps := func(item func(depth int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			b.WriteString(item(i))
		}
		return b.String()
	}
	laughs := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for _, name := range []string{"ba", "cb", "dc", "ed", "fe", "gf", "hg", "ih"} {
		laughs += name[:1] + ": &" + name[:1] + " [" + strings.TrimSuffix(strings.Repeat("*"+name[1:]+",", 9), ",") + "]\n"
	}
	return map[string]string{
		"aliases of aliases":  laughs,
		"an alias to itself":  "a: &a [*a]\n",
		"many aliases":        fill("a: &a x\nb: [*a", ",*a", "]\n"),
		"merge keys":          fill("a: &a {x: 1}\nb:\n", "  <<: *a\n", ""),
		"lists":               fill("default: ", "[", ""),
		"maps":                fill("default: ", "{a: ", ""),
		"dashes":              fill("default: ", "- ", "\n"),
		"question marks":      fill("", "? ", "\n"),
		"indented lists":      steps(func(i int) string { return strings.Repeat(" ", i) + "-\n" }),
		"indented maps":       steps(func(i int) string { return strings.Repeat(" ", i) + "a:\n" }),
		"small items":         fill("default: [a", ",a", "]\n"),
		"empty items":         fill("default: [", "[],", "]\n"),
		"empty maps":          fill("default: [", "{},", "]\n"),
		"small members":       steps(func(int) string { return "a: b\n" }),
		"lines of a list":     fill("default:\n", "- a\n", ""),
		"comments":            fill("default: {}\n", "#\n", ""),
		"comments in a list":  fill("default:\n", "- a\n#\n", ""),
		"anchors":             fill("default: [", "&a a,", "]\n"),
		"tags":                fill("default: [", "!a a,", "]\n"),
		"directives":          fill("", "%TAG !a! b\n", "--- {}\n"),
		"documents":           fill("", "---\n", ""),
		"a folded text":       fill("default: >\n", " a\n\n", ""),
		"a quoted text":       fill(`default: "`, `\0`, "\"\n"),
		"an open quote":       fill(`default: "`, "a ", ""),
		"a number":            fill("default: ", "9", "\n"),
		"plain words":         fill("default: ", "a ", "\n"),
		"colons":              fill("", ":", "\n"),
		"simple keys":         fill("", "a: ", "\n"),
		"brackets that cross": fill("", "[}", "\n"),
		"tabs":                fill("", "\t", "\n"),
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// most is what the YAML library takes for a file, and what reading the file's tree adds: in bytes for each byte, and in all.
const (
	mostEach = 200
	mostAll  = 110 << 20
)

func TestThreat_29_NoPolicyFileTakesMuchMemory(t *testing.T) {
	_, _ = policyfile.Parse("p", []byte("default: {}\n"))
	for _, size := range []int{16 << 10, policyfile.MaxSize} {
		for name, text := range bombs(size) {
			text = text[:min(len(text), policyfile.MaxSize)]
			used := allocated(func() { _, _ = policyfile.Parse("p", []byte(text)) })
			if used > mostAll || name != "brackets that cross" && used > uint64(mostEach*len(text)+(64<<10)) {
				t.Errorf("%s of %d bytes took %d, %d for each", name, len(text), used, used/uint64(len(text)))
			}
		}
	}
}

func TestAFileThatIsTooMuchIsRefusedInASentence(t *testing.T) {
	for _, c := range []struct{ name, give, want string }{
		{"33 lists", "default: " + strings.Repeat("[", 33), "p:1: can't be read: exceeded max depth of 32"},
		{"10,000 maps", "default: " + strings.Repeat("{a: ", 10000), "p:1: can't be read: exceeded max depth of 32"},
		{"100,001 lines", strings.Repeat("#\n", 100001), "p: has more than 100000 lines, brackets and commas: split it"},
		{"brackets that cross", strings.Repeat("[}", 60000), "p: has more than 100000 lines, brackets and commas: split it"},
	} {
		if _, err := policyfile.Parse("p", []byte(c.give)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
