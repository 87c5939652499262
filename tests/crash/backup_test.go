package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"testing"
	"time"

	"rowkey"
	"rowkey/backup"
)

// # A backup of a database under load is a state it had: it restores to one that passes
// all that a database after a crash must, and the next backup takes only what is new.
func TestBackupUnderLoad(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir := t.TempDir()
	db, err := rowkey.Open(filepath.Join(dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := setUp(ctx, db); err != nil {
		t.Fatal(err)
	}
	l := &ledger{}
	ended := make(chan error, 1)
	go func() { ended <- load(ctx, db, l, 1, 1<<30) }()
	repo := filepath.Join(dir, "backups")
	for i := range 3 {
		time.Sleep(300 * time.Millisecond)
		known := l.copy()
		tx, err := db.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		st, err := backup.Take(ctx, session{ctx, tx}, repo, 2)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Query(ctx, "SELECT rowkey.backup_stop()"); err != nil {
			t.Fatal(err)
		}
		tx.Rollback(ctx)
		t.Logf("%+v", st)
		for w := range writers { // any number may have come while the backup began
			known.attempted[w].Store(1 << 40)
		}
		for w := range redisClients {
			known.stepsBegun[w].Store(1 << 40)
		}
		known.ddlBegun.Store(1 << 40)
		known.jumpBegun.Store(1 << 60)
		to := filepath.Join(dir, "restored", st.Name)
		if _, err := backup.Restore(ctx, repo, "", to); err != nil {
			t.Fatal(err)
		}
		restored, err := rowkey.Open(to)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(ctx, restored, known); err != nil {
			t.Errorf("backup %d: %v", i, err)
		}
		if err := restored.Close(); err != nil {
			t.Error(err)
		}
	}
	if names, err := backup.List(repo); err != nil || len(names) != 2 {
		t.Errorf("2 backups were to be kept: %v, %v", names, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if l.commits.Load() == 0 {
		t.Error("nothing was committed")
	}
}

// session is a session's backup as a source.
type session struct {
	ctx context.Context
	tx  *rowkey.Tx
}

func (s session) Files(ctx context.Context) ([]backup.File, error) {
	rows, err := s.tx.Query(ctx, "SELECT rowkey.backup_start()")
	if err != nil {
		return nil, err
	}
	rows.Next()
	var list string
	if err := rows.Scan(&list); err != nil {
		return nil, err
	}
	var files []backup.File
	return files, json.Unmarshal([]byte(list), &files)
}

func (s session) Open(ctx context.Context, f backup.File) (io.ReadCloser, error) {
	rows, err := s.tx.Query(ctx, "SELECT rowkey.backup_read($1, 0, 16777216)", f.Name)
	if err != nil {
		return nil, err
	}
	rows.Next()
	var b []byte
	err = rows.Scan(&b)
	return io.NopCloser(bytes.NewReader(b)), err
}
