package disk

import (
	"errors"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"
)

// cutName is a log that is being cut.
const cutName = "cut.tmp"

// cutLog cuts off what a crash left behind the last whole record of the newest log.
//
// Pebble reads over that only in the newest log, and begins another when it opens. It does
// not always write all that it replayed to tables then: a large commit behind files that were
// taken in (Ingest) stays, and so the log behind it is read the next time, too, when its end
// is taken for damage.
func (e *engine) cutLog() error {
	dir := e.fs.PathJoin(e.dir, dataName)
	logs, err := wal.Scan(wal.Dir{FS: e.fs, Dirname: dir})
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(logs) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	last := logs[len(logs)-1]
	end, whole, err := logEnd(last)
	if err != nil || whole {
		return err
	}
	_, path := last.SegmentLocation(0)
	return e.cutFile(path, end)
}

// logEnd finds where the last whole record of a log ends. Logs that are damaged before that
// are left to Pebble, as if they were whole.
func logEnd(log wal.LogicalLog) (end int64, whole bool, err error) {
	r := log.OpenForRead()
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		in, at, err := r.NextRecord()
		if err == nil {
			_, err = io.Copy(io.Discard, in)
		}
		switch {
		case errors.Is(err, record.ErrUnexpectedEOF):
			return at.Physical, false, nil
		case err != nil:
			return 0, true, nil
		}
	}
}

// cutFile makes a file end earlier, whole or not at all.
func (e *engine) cutFile(path string, end int64) error {
	dir := e.fs.PathDir(path)
	from, err := e.fs.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	tmp := e.fs.PathJoin(dir, cutName)
	to, err := e.fs.Create(tmp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.CopyN(to, from, end)
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		return err
	}
	if err := e.files.remove(path); err != nil { // what it began with may be cut off
		return err
	}
	if err := e.fs.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(e.fs, dir)
}
