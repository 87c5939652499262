// Package backup keeps backups of stores in a directory, as many as one likes, each
// file once.
//
//	DEST/ROWKEY-BACKUP              what this directory is, and its format version
//	DEST/files/<sha-256>            what a file of a store holds
//	DEST/backups/<time>.json        a backup: the files of a store at one moment
//
// Most files of a store never change until they are merged into others, so that the
// next backup takes only what is new. A backup is there once its list is, which is
// written last; files that no list names are left by a backup that did not end, and
// removed by the next.
//
// Not here: how a store comes to hold still (a checkpoint), nor what its files mean.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// File is a file of a store.
type File struct {
	Name   string `json:"name"` // relative, with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Source is a store that holds still.
type Source interface {
	Files(ctx context.Context) ([]File, error)
	// Open gives the contents of a file.
	Open(ctx context.Context, f File) (io.ReadCloser, error)
}

// Backup is one backup of a repository.
type Backup struct {
	Name  string `json:"-"`
	Files []File `json:"files"`
}

// Stats tell what a backup took.
type Stats struct {
	Name              string
	Files, NewFiles   int
	Bytes, NewBytes   int64
	Removed           int // backups no longer kept
	RemovedFilesBytes int64
}

const (
	marker     = "ROWKEY-BACKUP"
	markerText = "rowkey backup 1\n"
	timeForm   = "20060102T150405.000Z"
)

// Take adds a backup of src to the repository in dest, which is made if it is not there,
// and removes the oldest ones but for keep, if that is positive.
func Take(ctx context.Context, src Source, dest string, keep int) (st Stats, err error) {
	if err := prepare(dest); err != nil {
		return st, err
	}
	files, err := src.Files(ctx)
	if err != nil {
		return st, err
	}
	for _, f := range files {
		st.Files++
		st.Bytes += f.Size
		if info, err := os.Stat(path(dest, f)); err == nil && info.Size() == f.Size {
			continue
		}
		if err := fetch(ctx, src, dest, f); err != nil {
			return st, fmt.Errorf("%s: %w", f.Name, err)
		}
		st.NewFiles++
		st.NewBytes += f.Size
	}
	if err := syncDir(filepath.Join(dest, "files")); err != nil {
		return st, err
	}
	st.Name = time.Now().UTC().Format(timeForm)
	list, err := json.MarshalIndent(Backup{Files: files}, "", " ")
	if err != nil {
		return st, err
	}
	if err := writeFile(filepath.Join(dest, "backups", st.Name+".json"), strings.NewReader(string(list))); err != nil {
		return st, err
	}
	if err := syncDir(filepath.Join(dest, "backups")); err != nil {
		return st, err
	}
	return st, prune(dest, keep, &st)
}

func path(dest string, f File) string { return filepath.Join(dest, "files", f.SHA256) }

// prepare makes dest a repository, or sees that it is one.
func prepare(dest string) error {
	if err := os.MkdirAll(dest, 0o700); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dest, marker))
	switch {
	case err == nil && string(text) != markerText:
		return fmt.Errorf("%s holds backups of another format: %q", dest, strings.TrimSpace(string(text)))
	case errors.Is(err, os.ErrNotExist):
		entries, err := os.ReadDir(dest)
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			return fmt.Errorf("%s is not empty and has no file %s", dest, marker)
		}
	case err != nil:
		return err
	}
	for _, d := range []string{"files", "backups"} {
		if err := os.MkdirAll(filepath.Join(dest, d), 0o700); err != nil {
			return err
		}
	}
	if text == nil {
		if err := writeFile(filepath.Join(dest, marker), strings.NewReader(markerText)); err != nil {
			return err
		}
	}
	return syncDir(dest)
}

// fetch copies a file of the source, if its contents are what the source said.
func fetch(ctx context.Context, src Source, dest string, f File) error {
	r, err := src.Open(ctx, f)
	if err != nil {
		return err
	}
	defer r.Close()
	return copyChecked(path(dest, f), r, f)
}

var errChanged = errors.New("the contents are not what their checksum says")

func copyChecked(to string, r io.Reader, f File) error {
	sum := sha256.New()
	if err := writeFile(to, io.TeeReader(r, sum)); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return errors.Join(errChanged, os.Remove(to))
	}
	return nil
}

// writeFile makes a file appear whole and durable, or not at all.
func writeFile(to string, r io.Reader) error {
	f, err := os.OpenFile(to+".tmp", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(to+".tmp"))
	}
	return os.Rename(to+".tmp", to)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// List gives the names of the backups in a repository, oldest first.
func List(dest string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(dest, marker)); err != nil {
		return nil, fmt.Errorf("%s holds no backups: %w", dest, err)
	}
	entries, err := os.ReadDir(filepath.Join(dest, "backups"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Load reads a backup's list; name "" is the newest one.
func Load(dest, name string) (*Backup, error) {
	if name == "" {
		names, err := List(dest)
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("%s holds no backups", dest)
		}
		name = names[len(names)-1]
	}
	text, err := os.ReadFile(filepath.Join(dest, "backups", filepath.Base(name)+".json"))
	if err != nil {
		return nil, err
	}
	b := &Backup{Name: name}
	if err := json.Unmarshal(text, b); err != nil {
		return nil, fmt.Errorf("backup %s: %w", name, err)
	}
	for _, f := range b.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) || len(f.SHA256) != 2*sha256.Size || strings.ContainsAny(f.SHA256, "/\\.") {
			return nil, fmt.Errorf("backup %s: the file name %q is not of a store", name, f.Name)
		}
	}
	return b, nil
}

// Restore writes the files of a backup to dir, which must not exist or be empty. Each
// is compared with its checksum.
func Restore(ctx context.Context, dest, name, dir string) (*Backup, error) {
	b, err := Load(dest, name)
	if err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty", dir)
	}
	dirs := map[string]bool{dir: true, filepath.Dir(dir): true}
	for _, f := range b.Files {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		to := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return nil, err
		}
		dirs[filepath.Dir(to)] = true
		r, err := os.Open(path(dest, f))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		err = copyChecked(to, r, f)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	for d := range dirs {
		if err := syncDir(d); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// prune removes old backups and what none names.
func prune(dest string, keep int, st *Stats) error {
	names, err := List(dest)
	if err != nil {
		return err
	}
	for keep > 0 && len(names) > keep {
		if err := os.Remove(filepath.Join(dest, "backups", names[0]+".json")); err != nil {
			return err
		}
		st.Removed++
		names = names[1:]
	}
	if err := syncDir(filepath.Join(dest, "backups")); err != nil { // lists go before files
		return err
	}
	named := map[string]bool{}
	for _, n := range names {
		b, err := Load(dest, n)
		if err != nil {
			return err
		}
		for _, f := range b.Files {
			named[f.SHA256] = true
		}
	}
	entries, err := os.ReadDir(filepath.Join(dest, "files"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if named[e.Name()] {
			continue
		}
		if info, err := e.Info(); err == nil {
			st.RemovedFilesBytes += info.Size()
		}
		if err := os.Remove(filepath.Join(dest, "files", e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Dir is the files of a directory that nobody changes.
type Dir struct{ Path string }

// Files implements Source. Locks are left out.
func (d Dir) Files(ctx context.Context) ([]File, error) {
	var files []File
	err := filepath.WalkDir(d.Path, func(path string, e os.DirEntry, err error) error {
		if err = errors.Join(err, context.Cause(ctx)); err != nil {
			return err
		}
		rel, err := filepath.Rel(d.Path, path)
		if err != nil || e.IsDir() {
			if e.IsDir() && strings.HasPrefix(e.Name(), "tmp-") && rel != "." {
				return filepath.SkipDir
			}
			return err
		}
		if e.Name() == "LOCK" || !e.Type().IsRegular() {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		sum := sha256.New()
		n, err := io.Copy(sum, f)
		files = append(files, File{filepath.ToSlash(rel), n, hex.EncodeToString(sum.Sum(nil))})
		return err
	})
	return files, err
}

// Open implements Source.
func (d Dir) Open(ctx context.Context, f File) (io.ReadCloser, error) {
	return os.Open(filepath.Join(d.Path, filepath.FromSlash(f.Name)))
}
