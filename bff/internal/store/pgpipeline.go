package store

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

var _ txRunner = (*pipeline)(nil)

// pipeline is a transaction on PostgreSQL. A statement whose result is not needed is held back and sent together with
// the next one whose result is, so that it costs no round trip of its own. It belongs to one goroutine.
type pipeline struct {
	ctx  context.Context // of the whole batch: a caller that gives up does not end the others' transaction
	conn *pgx.Conn
	held []heldStatement
	step int // index in held of the savepoint of the step that runs; -1 once it is sent
	// careful has each step's writes sent at its end. Else they go with what the next step asks, and when one of them
	// fails then, it is too late to undo that step alone: late says so.
	careful bool
	late    error
	// ahead are answers to questions that the step has not asked yet. A write makes them void.
	ahead []answered
}

// answered is a question with the rows that the database gave.
type answered struct {
	question
	columns []pgconn.FieldDescription
	rows    [][][]byte
}

type heldStatement struct {
	text    string
	args    []any
	explain func(error) error // nil: the error as it is
}

func (p *pipeline) exec(_ context.Context, text string, args ...any) (changed int64, err error) {
	p.ahead = nil
	err = p.send([]question{{text, args}}, func(results pgx.BatchResults) error {
		tag, err := results.Exec()
		changed = tag.RowsAffected()
		return err
	})
	return changed, err
}

func (p *pipeline) query(_ context.Context, text string, args []any, each func(scan) error) error {
	asked := question{text, args}
	if a, ok := p.takeAhead(asked); ok {
		return a.each(p.conn.TypeMap(), each)
	}
	if !asked.reads() {
		p.ahead = nil
	}
	return p.send([]question{asked}, func(results pgx.BatchResults) error {
		rows, err := results.Query()
		if err != nil {
			return err
		}
		return eachRow(rows, each)
	})
}

func (p *pipeline) readAhead(_ context.Context, questions []question) error {
	return p.send(questions, func(results pgx.BatchResults) error {
		for _, q := range questions {
			rows, err := results.Query()
			if err != nil {
				return err
			}
			a := answered{question: q, columns: slices.Clone(rows.FieldDescriptions())}
			for rows.Next() {
				a.rows = append(a.rows, cloneRow(rows.RawValues()))
			}
			rows.Close()
			if err := rows.Err(); err != nil {
				return err
			}
			p.ahead = append(p.ahead, a)
		}
		return nil
	})
}

// cloneRow copies values, which are the connection's only until it reads on. A null stays nil.
func cloneRow(values [][]byte) [][]byte {
	row := make([][]byte, len(values))
	for i, v := range values {
		row[i] = bytes.Clone(v)
	}
	return row
}

// takeAhead gives the answer that was read ahead, once.
func (p *pipeline) takeAhead(asked question) (answered, bool) {
	for i, a := range p.ahead {
		if a.text == asked.text && reflect.DeepEqual(a.args, asked.args) {
			p.ahead = slices.Delete(p.ahead, i, i+1)
			return a, true
		}
	}
	return answered{}, false
}

func (a answered) each(types *pgtype.Map, each func(scan) error) error {
	for _, row := range a.rows {
		if err := each(func(into ...any) error { return pgx.ScanRow(types, a.columns, row, into...) }); err != nil {
			return err
		}
	}
	return nil
}

func (p *pipeline) hold(_ context.Context, explain func(error) error, text string, args ...any) error {
	p.ahead = nil
	p.held = append(p.held, heldStatement{text: text, args: args, explain: explain})
	return nil
}

func (p *pipeline) beginStep(context.Context) error {
	if p.conn.IsClosed() {
		return errors.New("the connection is closed")
	}
	p.step, p.ahead = len(p.held), nil
	p.held = append(p.held, heldStatement{text: "SAVEPOINT step"})
	if p.careful {
		return p.flush()
	}
	return nil
}

// endStep keeps the step. What it has held back is sent now, or with the next step's first question.
func (p *pipeline) endStep(context.Context) error {
	if p.step >= 0 && len(p.held) == p.step+1 {
		p.held = p.held[:p.step] // the step has asked nothing of the database
		return nil
	}
	wrote := len(p.held) > 0
	p.held = append(p.held, heldStatement{text: "RELEASE SAVEPOINT step"})
	if !wrote || !p.careful {
		return nil
	}
	return p.flush()
}

func (p *pipeline) undoStep(context.Context) error {
	if p.late != nil {
		return &lateError{p.late}
	}
	if p.step >= 0 {
		p.held = p.held[:p.step]
		return nil
	}
	p.held = p.held[:0]
	if p.conn.PgConn().TxStatus() == 'E' {
		// A failed transaction takes nothing but its undoing, not even the preparation of another statement.
		_, err := p.conn.PgConn().Exec(p.ctx, undoStatements).ReadAll()
		return err
	}
	p.held = append(p.held, heldStatement{text: "ROLLBACK TO SAVEPOINT step"}, heldStatement{text: "RELEASE SAVEPOINT step"})
	return nil
}

const undoStatements = "ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step"

// flush sends all that is held back.
func (p *pipeline) flush() error {
	if len(p.held) == 0 {
		return nil
	}
	return p.send(nil, nil)
}

// send sends what is held back and then the statements, whose results answer reads, in one round trip.
func (p *pipeline) send(statements []question, answer func(pgx.BatchResults) error) (err error) {
	batch := &pgx.Batch{}
	for _, h := range p.held {
		batch.Queue(h.text, h.args...)
	}
	for _, q := range statements {
		batch.Queue(q.text, q.args...)
	}
	held, savepoint := p.held, p.step
	p.held, p.step = nil, -1
	results := p.conn.SendBatch(p.ctx, batch)
	defer func() {
		if closing := results.Close(); err == nil {
			err = closing
		}
	}()
	for i, h := range held {
		if _, err := results.Exec(); err != nil {
			if i <= savepoint && rolledBack(err) {
				p.late = err // before the savepoint of the step that runs, which can't be rolled back to
			}
			if h.explain != nil {
				err = h.explain(err)
			}
			return err
		}
	}
	if answer == nil {
		return nil
	}
	return answer(results)
}

// commit ends the transaction and says whether it stands.
func (p *pipeline) commit() error {
	p.step = len(p.held) // all that is held is of steps that have ended
	var tag pgconn.CommandTag
	err := p.send([]question{{text: "COMMIT"}}, func(results pgx.BatchResults) (err error) {
		tag, err = results.Exec()
		return err
	})
	switch {
	case p.late != nil:
		return &lateError{p.late}
	case err == nil && tag.String() != "COMMIT":
		return errNotCommitted
	}
	return err
}

// rolledBack tells whether the server has refused a statement, so that nothing of the transaction can stand. After any
// other failure, of the connection or of a pooler, it may have been committed.
func rolledBack(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR" && !strings.HasPrefix(pg.Code, "08")
}

// lateError is the failure of a statement whose step has ended: the whole transaction has failed with it. Run again
// with each step's statements sent at its end, the step fails alone.
type lateError struct{ cause error }

func (e *lateError) Error() string {
	return "a statement of an earlier step failed: " + e.cause.Error()
}

func (e *lateError) Unwrap() error { return e.cause }
