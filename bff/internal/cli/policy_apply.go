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

	// policiesMost is how many policies the contract takes at once.
	policiesMost = 1000
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
		_, err := fmt.Fprintf(e.stdout, "%s would be applied.\n", counted(changes, "change"))
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

// leftMost is how many clients that are left alone are told by name.
const leftMost = 10

// show tells what changes and what is left alone, and gives how many changes there are.
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
		told := strings.Join(p.left[:min(len(p.left), leftMost)], ", ")
		if more := len(p.left) - leftMost; more > 0 {
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

// check refuses what the server would refuse, before anybody is asked.
func (p policyPlan) check() error {
	if n := len(p.edits); n > policiesMost {
		return fmt.Errorf("%d policies would change, and at most %d can all be written or none: split the file. %s", n, policiesMost, nothingApplied)
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

// confirm asks whoever sits there. Nobody there, another answer or none: an error.
func confirm(e *env, changes int) error {
	if e.answers == nil {
		return sentences("nobody can be asked here: look at the changes with --dry-run, and apply them with --yes. " + nothingApplied)
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
		line, _ := bufio.NewReader(e.answers).ReadString('\n') // no line is no
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-e.ctx.Done():
	case line := <-answer:
		if line == "y" || line == "yes" {
			return nil
		}
	}
	return sentences(nothingApplied)
}

// sentences are an error for people, whole ones.
type sentences string

func (s sentences) Error() string { return string(s) }

// apply writes all edits or none, and tells what became of them.
func (s remote) apply(e *env, edits []plannedEdit) error {
	batch := api.PolicyBatch{Policies: make([]api.ClientPolicyEdit, len(edits))}
	for i, e := range edits {
		batch.Policies[i] = e.request()
	}
	answer, err := s.PutPoliciesWithResponse(e.ctx, batch)
	if err != nil {
		return fmt.Errorf("%s did not answer: %w\n%s", s.url, err, unsure)
	}
	if answer.JSON200 == nil {
		return s.notApplied(answer, edits)
	}
	var b strings.Builder
	for _, now := range answer.JSON200.Policies {
		fmt.Fprintf(&b, "%s: version %d\n", title(now.ClientId, now.Name), now.Version)
	}
	b.WriteString("Applied. Run 'shieldpod policy export' to have the new versions in the file.\n")
	_, err = io.WriteString(e.stdout, b.String())
	return err
}

const unsure = "The changes may have been applied or not: see by --dry-run what is left of them."

var editPlace = regexp.MustCompile(`^policies\[([0-9]+)\]\.?(.*)$`)

// notApplied puts the server's refusal where the file has what is refused.
func (s remote) notApplied(answer *api.PutPoliciesResponse, edits []plannedEdit) error {
	p := answer.ApplicationproblemJSONDefault
	if answer.StatusCode() < 400 || answer.StatusCode() >= 500 {
		return fmt.Errorf("%w\n%s", s.refusal(answer.Status(), p), unsure)
	}
	at, field := 0, ""
	if p != nil {
		field = p.Field
		if place := editPlace.FindStringSubmatch(field); place != nil {
			at, _ = strconv.Atoi(place[1]) // digits; too many are no place
			field = place[2]
		} else if len(edits) > 1 {
			field = ""
		}
	}
	if field == "" || at >= len(edits) {
		return fmt.Errorf("%w\n%s", s.refusal(answer.Status(), p), nothingApplied)
	}
	e := edits[at]
	if p.Code == "stale_version" {
		return fmt.Errorf("%w\n%s", e.stale(p.Policy), exportAgain)
	}
	return fmt.Errorf("%w\n%s", e.level.Problem(strings.TrimPrefix(field, "fields."), plain(p.Detail)+" ("+plain(p.Code)+")"), nothingApplied)
}
