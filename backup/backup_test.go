package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// # Files are kept once, backups restore to what was, old ones go.
func TestRepository(t *testing.T) {
	ctx := context.Background()
	src, repo := t.TempDir(), filepath.Join(t.TempDir(), "repo")
	write(t, filepath.Join(src, "ROWKEY"), "marker")
	write(t, filepath.Join(src, "kv", "1.sst"), "old contents")
	write(t, filepath.Join(src, "LOCK"), "")
	first, err := Take(ctx, Dir{src}, repo, 0)
	if err != nil || first.NewFiles != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	write(t, filepath.Join(src, "kv", "2.sst"), "new contents")
	second, err := Take(ctx, Dir{src}, repo, 0)
	if err != nil || second.NewFiles != 1 || second.Files != 3 {
		t.Fatalf("%+v, %v", second, err)
	}
	to := filepath.Join(t.TempDir(), "a", "b")
	if _, err := Restore(ctx, repo, first.Name, to); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(to, "kv", "2.sst")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the first backup has a file of the second: %v", err)
	}
	if b, _ := os.ReadFile(filepath.Join(to, "kv", "1.sst")); string(b) != "old contents" {
		t.Errorf("restored %q", b)
	}
	if _, err := Restore(ctx, repo, "", to); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("restoring over something: %v", err)
	}
	os.Remove(filepath.Join(src, "kv", "1.sst"))
	third, err := Take(ctx, Dir{src}, repo, 1)
	if err != nil || third.Removed != 2 || third.RemovedFilesBytes != int64(len("old contents")) {
		t.Fatalf("%+v, %v", third, err)
	}
}

// # A file of the repository that is damaged is not restored.
func TestDamagedBackup(t *testing.T) {
	ctx := context.Background()
	src, repo := t.TempDir(), filepath.Join(t.TempDir(), "repo")
	write(t, filepath.Join(src, "1.sst"), "contents")
	if _, err := Take(ctx, Dir{src}, repo, 0); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(repo, "files", "*"))
	write(t, files[0], "cOntents")
	if _, err := Restore(ctx, repo, "", filepath.Join(t.TempDir(), "x")); !errors.Is(err, errChanged) {
		t.Errorf("restoring says %v", err)
	}
	// A directory of something else is left alone.
	if _, err := Take(ctx, Dir{src}, src, 0); err == nil {
		t.Error("a directory of something else was taken for a repository")
	}
}
