package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/client"
	"github.com/shieldpod/shieldpod/sdk/policyfile"
)

type policyApplyCmd struct {
	serverFlags
	File   string `arg:"" help:"The file, as 'shieldpod policy export' writes it."`
	Yes    bool   `help:"Apply without asking."`
	DryRun bool   `help:"Show what would change, and stop."`
	Prune  bool   `help:"Clear what clients set that the file does not name. Without it they are left alone."`
}

const (
	nothingApplied = "Nothing was applied."
	exportAgain    = nothingApplied + " Run 'shieldpod policy export' again, and make your changes there."

	// maxPolicies is how many policies the contract accepts in one request.
	maxPolicies = 1000
)

// Run shows what the file changes, asks, and changes it in one request.
func (c *policyApplyCmd) Run(e *env) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	file, err := c.read()
	if err != nil {
		return err
	}
	now, err := server.policies(e.ctx)
	if err != nil {
		return err
	}
	plan, err := planPolicies(file, now, c.Prune)
	if err != nil {
		return err
	}
	changes, err := plan.show(e.stdout)
	if err != nil || changes == 0 {
		return err
	}
	if err := plan.check(); err != nil {
		return err
	}
	if c.DryRun {
		_, err := fmt.Fprintf(e.stdout, "%s would be applied.\n", plural(changes, "change"))
		return err
	}
	if !c.Yes {
		if err := confirm(e, changes); err != nil {
			return err
		}
	}
	return server.apply(e, plan.edits)
}

func (c *policyApplyCmd) read() (policyfile.File, error) {
	f, err := os.Open(c.File)
	if errors.Is(err, fs.ErrNotExist) {
		return policyfile.File{}, fmt.Errorf("there is no file %s: write one by 'shieldpod policy export --out %s'", c.File, c.File)
	}
	if err != nil {
		return policyfile.File{}, fmt.Errorf("%s can't be read: %w", c.File, err)
	}
	content, err := io.ReadAll(io.LimitReader(f, policyfile.MaxSize+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return policyfile.File{}, err
	}
	file, err := policyfile.Parse(c.File, content)
	if err != nil {
		return policyfile.File{}, fmt.Errorf("%w\n%s", err, nothingApplied)
	}
	return file, nil
}

// maxListed is how many clients are listed that the file does not name.
const maxListed = 10

// show prints what changes and which clients are left alone. It returns the number of changes.
func (p policyPlan) show(w io.Writer) (int, error) {
	var b strings.Builder
	changes := 0
	for _, e := range p.edits {
		for _, line := range e.changes {
			changes++
			fmt.Fprintln(&b, line)
		}
	}
	if len(p.left) > 0 {
		told := strings.Join(p.left[:min(len(p.left), maxListed)], ", ")
		if more := len(p.left) - maxListed; more > 0 {
			told += fmt.Sprintf(" and %d more", more)
		}
		fmt.Fprintf(&b, "Left alone, for the file does not name them: %s.\n", told)
	}
	if changes == 0 {
		fmt.Fprintln(&b, "Nothing to change.")
	}
	_, err := io.WriteString(w, b.String())
	return changes, err
}

// check refuses what the server would refuse, before it asks for confirmation.
func (p policyPlan) check() error {
	if n := len(p.edits); n > maxPolicies {
		return fmt.Errorf("%d policies would change, and at most %d can all be written or none: split the file. %s", n, maxPolicies, nothingApplied)
	}
	var stale policyfile.Problems
	for _, e := range p.edits {
		if e.version() != e.now.Version {
			stale = append(stale, e.stale(e.now))
		}
	}
	if len(stale) > 0 {
		return fmt.Errorf("%w\n%s", stale, exportAgain)
	}
	return nil
}

// confirm asks the person at the terminal. Without a terminal, or with any answer but yes, it returns an error.
func confirm(e *env, changes int) error {
	if e.answers == nil {
		return userError("nobody can be asked here: look at the changes with --dry-run, and apply them with --yes. " + nothingApplied)
	}
	question := "Apply this change?"
	if changes > 1 {
		question = fmt.Sprintf("Apply these %d changes?", changes)
	}
	if _, err := fmt.Fprint(e.stderr, question+" [y/N] "); err != nil {
		return err
	}
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(e.answers).ReadString('\n') // a failed read is a no
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-e.ctx.Done():
	case line := <-answer:
		if line == "y" || line == "yes" {
			return nil
		}
	}
	return userError(nothingApplied)
}

// userError is an error in whole sentences.
type userError string

func (s userError) Error() string { return string(s) }

// apply writes all edits or none, and prints the new versions.
func (s remote) apply(e *env, edits []plannedEdit) error {
	requests := make([]api.ClientPolicyEdit, len(edits))
	for i, e := range edits {
		requests[i] = e.request()
	}
	set, err := s.SetPolicies(e.ctx, requests...)
	var refused *client.Error
	switch {
	case errors.As(err, &refused):
		return s.notApplied(refused, edits)
	case err != nil:
		return fmt.Errorf("%s did not answer: %w\n%s", s.url, err, outcomeUnknown)
	}
	var b strings.Builder
	for _, now := range set {
		fmt.Fprintf(&b, "%s: version %d\n", title(now.ClientId, now.Name), now.Version)
	}
	b.WriteString("Applied. Run 'shieldpod policy export' to have the new versions in the file.\n")
	_, err = io.WriteString(e.stdout, b.String())
	return err
}

const outcomeUnknown = "The changes may have been applied or not: see by --dry-run what is left of them."

var editPlace = regexp.MustCompile(`^policies\[([0-9]+)\]\.?(.*)$`)

// notApplied reports the server's refusal at the line of the file that it is about.
func (s remote) notApplied(refused *client.Error, edits []plannedEdit) error {
	p := refused.Problem
	if refused.Status < 400 || refused.Status >= 500 {
		return fmt.Errorf("%w\n%s", s.refusal(refused), outcomeUnknown)
	}
	at, field := 0, p.Field
	if place := editPlace.FindStringSubmatch(field); place != nil {
		at, _ = strconv.Atoi(place[1]) // digits; too many are no place
		field = place[2]
	} else if len(edits) > 1 {
		field = ""
	}
	if field == "" || at >= len(edits) {
		return fmt.Errorf("%w\n%s", s.refusal(refused), nothingApplied)
	}
	e := edits[at]
	if p.Code == "stale_version" {
		return fmt.Errorf("%w\n%s", e.stale(p.Policy), exportAgain)
	}
	return fmt.Errorf("%w\n%s", e.level.Problem(strings.TrimPrefix(field, "fields."), plain(p.Detail)+" ("+plain(p.Code)+")"), nothingApplied)
}
