package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"rowkey/backup"
	"rowkey/builtin"
	"rowkey/kv"
	"rowkey/pgerr"
)

// checkpointer is a store that can make a copy of itself as of now.
type checkpointer interface {
	Checkpoint(dir string) error
	ScratchDir(name string) string
}

// CheckStored implements builtin.Maintainer.
func (h *host) CheckStored(ctx *builtin.Ctx, report func(string) error) error {
	_, err := h.db.Check(ctx, func(d kv.Damage) error {
		if d.Harmless {
			return nil
		}
		return report(d.String())
	})
	return mapKV(err)
}

// BackupStart implements builtin.Maintainer.
func (h *host) BackupStart(ctx *builtin.Ctx) (string, error) {
	store, ok := h.db.store.(checkpointer)
	if !ok {
		return "", pgerr.Unsupported("this database is in memory: it has no files to back up").WithHint("Use rowkey dump.")
	}
	if h.backup != "" {
		return "", pgerr.New(pgerr.ObjectNotInPrerequisiteState, "a backup is already in progress in this session")
	}
	dir := store.ScratchDir(fmt.Sprintf("backup-%d", h.pid))
	if err := os.RemoveAll(dir); err != nil {
		return "", pgerr.New(pgerr.IOError, err.Error()).WithCause(err)
	}
	h.backup = dir
	if err := store.Checkpoint(dir); err != nil {
		return "", errors.Join(mapKV(err), h.BackupStop(ctx))
	}
	files, err := backup.Dir{Path: dir}.Files(ctx)
	if err != nil {
		return "", errors.Join(mapKV(err), h.BackupStop(ctx))
	}
	list, err := json.Marshal(files)
	return string(list), err
}

// maxBackupRead bounds what is read of a backup at once.
const maxBackupRead = 16 << 20

// BackupRead implements builtin.Maintainer.
func (h *host) BackupRead(_ *builtin.Ctx, name string, at, n int64) (string, error) {
	if h.backup == "" {
		return "", pgerr.New(pgerr.ObjectNotInPrerequisiteState, "no backup is in progress in this session")
	}
	if !filepath.IsLocal(name) || at < 0 || n < 0 {
		return "", pgerr.Newf(pgerr.InvalidParameterValue, "the backup has no file %q", name)
	}
	f, err := os.Open(filepath.Join(h.backup, name))
	if err != nil {
		return "", pgerr.Newf(pgerr.InvalidParameterValue, "the backup has no file %q", name).WithCause(err)
	}
	defer f.Close()
	b := make([]byte, min(n, maxBackupRead))
	got, err := f.ReadAt(b, at)
	if err != nil && err != io.EOF {
		return "", pgerr.New(pgerr.IOError, err.Error()).WithCause(err)
	}
	return string(b[:got]), nil
}

// BackupStop implements builtin.Maintainer.
func (h *host) BackupStop(*builtin.Ctx) error {
	h.s().endBackup()
	return nil
}

// endBackup removes the files of the session's backup; what stays of them is removed when
// the store is opened again.
func (s *Session) endBackup() {
	if s.backup != "" {
		_ = os.RemoveAll(s.backup)
		s.backup = ""
	}
}
