package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	_ "modernc.org/sqlite" // the driver
)

const bareSchema = `
CREATE TABLE sessions (id TEXT PRIMARY KEY, jti TEXT NOT NULL UNIQUE, desk BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE verifications (id TEXT PRIMARY KEY, contact TEXT NOT NULL,
	secret BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0, outcome TEXT) WITHOUT ROWID;
CREATE INDEX secrets ON verifications (secret);
CREATE TABLE events (seq INTEGER PRIMARY KEY, contact TEXT NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL);
CREATE INDEX contacts ON events (contact, seq);
CREATE TABLE outbox (id TEXT PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;`

// bareStore is SQLite with one writer, whose waiting transactions share a commit.
type bareStore struct {
	reads *sql.DB
	db    *sql.DB
	tx    *bareTx
	jobs  chan bareJob
	done  chan struct{}
}

type bareJob struct {
	do    func(*bareTx) error
	ended chan error
}

// bareTx is the writer's connection, with its statements prepared.
type bareTx struct {
	ctx  context.Context
	conn *sql.Conn
	stmt map[string]*sql.Stmt
	head [sha256.Size]byte // of the chain
}

func openBareStore(ctx context.Context, path string) (*bareStore, error) {
	dsn := "file:" + path + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	reads, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	reads.SetMaxOpenConns(8)
	reads.SetMaxIdleConns(8)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, bareSchema); err != nil {
		return nil, err
	}
	s := &bareStore{
		reads: reads, db: db, jobs: make(chan bareJob, 1024), done: make(chan struct{}),
		tx: &bareTx{ctx: ctx, conn: conn, stmt: map[string]*sql.Stmt{}},
	}
	go s.run()
	return s, nil
}

func (s *bareStore) close() {
	close(s.jobs)
	<-s.done
	_ = s.reads.Close() // the folder goes next
	_ = s.db.Close()
}

// write returns once what do has done is durable.
func (s *bareStore) write(_ context.Context, do func(*bareTx) error) error {
	job := bareJob{do, make(chan error, 1)}
	s.jobs <- job
	return <-job.ended
}

func (s *bareStore) run() {
	defer close(s.done)
	for first := range s.jobs {
		batch := []bareJob{first}
		for len(s.jobs) > 0 && len(batch) < 256 {
			batch = append(batch, <-s.jobs)
		}
		errs := make([]error, len(batch))
		err := s.tx.exec("BEGIN IMMEDIATE")
		for i, job := range batch {
			errs[i] = job.do(s.tx)
		}
		err = errors.Join(err, s.tx.exec("COMMIT"))
		for i, job := range batch {
			job.ended <- errors.Join(err, errs[i])
		}
	}
}

func (t *bareTx) exec(text string, args ...any) error {
	_, err := t.count(text, args...)
	return err
}

func (t *bareTx) count(text string, args ...any) (int64, error) {
	stmt := t.stmt[text]
	if stmt == nil {
		var err error
		if stmt, err = t.conn.PrepareContext(t.ctx, text); err != nil {
			return 0, err
		}
		t.stmt[text] = stmt
	}
	res, err := stmt.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *bareTx) session(id, jti string, desk []byte) error {
	return t.exec(`INSERT INTO sessions (id, jti, desk) VALUES ($1, $2, $3)`, id, jti, desk)
}

func (t *bareTx) verification(id, contact string, secret []byte) error {
	return t.exec(`INSERT INTO verifications (id, contact, secret) VALUES ($1, $2, $3)`, id, contact, secret)
}

func (t *bareTx) outbox(id string, sealed []byte) error {
	return t.exec(`INSERT INTO outbox (id, sealed) VALUES ($1, $2)`, id, sealed)
}

// event chains one.
func (t *bareTx) event(contact string, e map[string]string) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	t.head = sha256.Sum256(append(t.head[:], body...))
	return t.exec(`INSERT INTO events (contact, body, hash) VALUES ($1, $2, $3)`, contact, body, t.head[:])
}

// verify spends a try and, the secret being right, ends the verification.
func (t *bareTx) verify(contact, id string, secret []byte) error {
	if err := t.exec(`UPDATE verifications SET tries = tries + 1 WHERE id = $1 AND outcome IS NULL`, id); err != nil {
		return err
	}
	n, err := t.count(`UPDATE verifications SET outcome = 'verified' WHERE id = $1 AND secret = $2 AND outcome IS NULL`, id, secret)
	if err == nil && n != 1 {
		err = fmt.Errorf("%s is not open, or the secret is another", id)
	}
	return errors.Join(err, t.event(contact, map[string]string{"kind": "verified", "verification": id, "contact": contact}))
}
