package disk

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	iofs "io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"rowkey/kv"
	"rowkey/kv/btree"
	"rowkey/kv/local"
)

// commitLog is where commits are durable until Pebble has their rows: segments, each a file
// beside Pebble's own, that records are appended to.
//
//	commits-000007.log  "rowkey commits 1\n", records, zeros
//
//	record   crc:4 len:4 prev:8 seq:8 entries            little-endian
//	entry    uvarint len(key) · uvarint 1+len(value), or 0: deleted · key · value
//
// crc is the CRC-32C of what follows it, len the length of what follows that. A record is a group of
// commits, seq the number of the last and prev that of the last before them. So reading ends
// where there is no whole record, in any segment, and what is missing between two is seen:
// the next one's prev is not the number come to. Commits that Pebble has are passed over.
//
// A segment is synced before the next is begun, and removed once Pebble durably has
// the last of its commits (see give).
//
// Invariants:
//
//   - What is acknowledged is in records that were synced, and so is all that they follow, back to
//     what Pebble has: in one segment by a sync of all that was written to it so far, among segments
//     since each is synced before the next, and those of an earlier process are once they are read.
//   - After a write or sync that failed nothing is written to the log any more: the next sync
//     might succeed though what the first was to sync is lost. A segment that cannot be begun harms nothing:
//     what was made of it is removed, and the commit that needs it refused.
//   - To a segment of an earlier process nothing is appended: its end may be torn.
//
// Ahead of the end a segment is filled with zeros: a sync after appending to a file must make the
// file's new size durable, too, and the allocation of its blocks, which costs most file systems a
// transaction of their own journal. Over blocks that are there already, a sync writes the blocks and
// nothing else: 56 KiB take 120 µs then, not 190 to 250. PostgreSQL fills its segments for this reason.
type commitLog struct {
	e *engine

	mu     sync.Mutex // held by who writes, syncs or begins a segment
	seg    *segment   // nil: the store is only read
	old    []*segment // earlier ones, oldest first
	buf    []byte
	closed bool
	// sampled are the writes of the last record that the sampler wants.
	sampled []btree.Entry

	written atomic.Int64 // bytes, to seg
}

// segment is one file of the log.
type segment struct {
	number   uint64
	path     string
	last     uint64 // commit
	f        vfs.File
	claim    *claim
	written  int64
	unsynced int64 // bytes since the last sync
	end      int64 // the file's size, zeros included
}

const (
	segmentPrefix = "commits-"
	segmentSuffix = ".log"
	segmentTitle  = "rowkey commits 1\n"
	recordHead    = 8 + recordNumbers
	recordNumbers = 16
	// keptLogBuffer bounds what is kept for the next record.
	keptLogBuffer = 4 << 20
)

// Bounds of how far ahead of its end a segment is filled with zeros, and what counts
// as a small commit.
const (
	fillLeast  = 64 << 10
	fillMost   = 1 << 20
	fillMargin = 16 << 10
	fillBlock  = 4 << 10
	smallSync  = 256 << 10
)

// append writes the record of commits after prev up to seq, and syncs it. begun is false when
// nothing was written, and nothing will be.
func (l *commitLog) append(writes []*local.Buffer, more []btree.Entry, prev, seq uint64, sync bool) (begun bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false, kv.ErrClosed
	}
	// Looked at under mu: a sync that failed a moment ago (syncLate) may have lost records before
	// this one, and the system does not tell so twice.
	if l.e.faults.log.Load() != nil {
		return false, l.e.writable()
	}
	size := recordHead
	for _, w := range writes {
		size += int(w.Bytes()) + 8*w.Len()
	}
	clear(l.sampled)
	l.sampled = l.sampled[:0]
	b := slices.Grow(l.buf[:0], size)[:8]
	b = binary.LittleEndian.AppendUint64(b, prev)
	b = binary.LittleEndian.AppendUint64(b, seq)
	for _, w := range writes {
		w.Chunks(func(es []local.Entry) bool {
			for _, x := range es {
				b = appendEntry(b, x)
				if l.e.samples.Wants(x.Key()) { // asked here, where the key is at hand
					l.sampled = append(l.sampled, x)
				}
			}
			return true
		})
	}
	for _, x := range more {
		b = appendEntry(b, x) // deletions of a range: DropRange forgets all samples there
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	binary.LittleEndian.PutUint32(b, crc32.Checksum(b[4:], castagnoli))
	if l.buf = b; cap(b) > keptLogBuffer {
		l.buf = nil
	}
	s := l.seg
	err = s.write(b)
	l.written.Store(s.written)
	if err == nil {
		s.last = seq
		if sync {
			err = s.sync()
		}
	}
	return true, l.failed(err)
}

// failed notes an error of writing or syncing, after which the log is not to be gone on with.
func (l *commitLog) failed(err error) error {
	if err != nil {
		l.e.faults.log.CompareAndSwap(nil, &err)
		l.e.log.Error("storage: the log cannot be written", "err", err)
	}
	return err
}

func appendEntry(b []byte, x btree.Entry) []byte {
	key := x.Key()
	b = binary.AppendUvarint(b, uint64(len(key)))
	if x.Deleted() {
		return append(append(b, 0), key...)
	}
	value := x.Value()
	b = binary.AppendUvarint(b, uint64(len(value))+1)
	return append(append(b, key...), value...)
}

func (s *segment) write(b []byte) error {
	n, err := s.claim.write(s.f, b)
	s.written += int64(n)
	s.unsynced += int64(n)
	s.end = max(s.end, s.written)
	return err
}

// sync makes what was written durable. Where commits are small, it makes room for those to
// come first; loading in bulk needs no room, since there a sync is rare.
func (s *segment) sync() error {
	if s.unsynced == 0 {
		return nil
	}
	if s.unsynced < smallSync && s.end-s.written < max(fillMargin, 2*s.unsynced) {
		s.fill()
	}
	now := s.claim.now()
	if err := s.f.SyncData(); err != nil {
		return err
	}
	s.unsynced = 0
	s.claim.wasSynced(now)
	return nil
}

var zeros [fillMost]byte

// fill makes room, up to the end of a block. When it cannot, there is just none: the
// write that finds the disk full will tell.
func (s *segment) fill() {
	room := min(max(s.written, 4*s.unsynced, fillLeast), fillMost)
	n, _ := s.f.WriteAt(zeros[:room-s.end%fillBlock], s.end)
	s.end += int64(n)
}

// sync makes all commits so far durable.
func (l *commitLog) sync() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.seg == nil || l.e.faults.log.Load() != nil {
		return nil
	}
	return l.failed(l.seg.sync())
}

// rotate begins the next segment. Under mu.
func (l *commitLog) rotate() error {
	if l.closed {
		return kv.ErrClosed
	}
	if l.seg != nil {
		if err := l.failed(l.seg.sync()); err != nil {
			return err
		}
	}
	next, err := l.create()
	if err != nil {
		return err
	}
	if l.seg != nil {
		if err := l.seg.f.Close(); err != nil {
			l.e.log.Error("storage: ending a part of the log", "err", err) // it is synced
		}
		l.old = append(l.old, l.seg)
		next.last = l.seg.last
	}
	l.seg = next
	l.written.Store(next.written)
	return nil
}

// create makes the next segment, durably, and lists it.
func (l *commitLog) create() (_ *segment, err error) {
	e := l.e
	s := &segment{number: 1}
	if l.seg != nil {
		s.number = l.seg.number + 1
	} else if n := len(l.old); n > 0 {
		s.number = l.old[n-1].number + 1
	}
	dir := e.fs.PathJoin(e.dir, dataName)
	s.path = e.fs.PathJoin(dir, fmt.Sprintf("%s%06d%s", segmentPrefix, s.number, segmentSuffix))
	if s.f, err = e.fs.Create(s.path, vfs.WriteCategoryUnspecified); err != nil {
		return nil, err
	}
	s.claim = e.files.created(s.path)
	defer func() {
		if err != nil {
			_ = s.f.Close()
			if err := e.files.remove(s.path); err != nil {
				e.die(err)
			}
			_ = e.fs.Remove(s.path)
		}
	}()
	if err := s.write([]byte(segmentTitle)); err != nil {
		return nil, err
	}
	if err := s.sync(); err != nil {
		return nil, err
	}
	entries := e.files.entries(dir)
	if err := syncDir(e.fs, dir); err != nil {
		return nil, err
	}
	if err := e.files.dirSynced(entries); err != nil {
		e.die(err)
		return nil, err
	}
	return s, nil
}

// removeUpTo removes the segments whose commits Pebble durably has.
func (l *commitLog) removeUpTo(seq uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.old) > 0 && l.old[0].last <= seq && !l.closed {
		s := l.old[0]
		if err := l.e.files.remove(s.path); err != nil {
			l.e.die(err)
			return
		}
		if err := l.e.fs.Remove(s.path); err != nil && !errors.Is(err, iofs.ErrNotExist) {
			l.e.log.Error("storage: removing a part of the log", "path", s.path, "err", err)
			return // again after the next
		}
		l.old = l.old[1:]
	}
}

// bytes is what all segments take.
func (l *commitLog) bytes() (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.old {
		n += s.end
	}
	if l.seg != nil {
		n += l.seg.end
	}
	return n
}

// syncOld makes durable what an earlier process, which may have been killed before its sync, has left of the log.
func (l *commitLog) syncOld() error {
	for _, s := range l.old {
		f, err := l.e.fs.Open(s.path)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// close syncs what is not yet, and ends writing for ever.
func (l *commitLog) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if l.seg == nil {
		return nil
	}
	var err error
	if l.e.faults.log.Load() == nil {
		err = l.failed(l.seg.sync())
	}
	return errors.Join(err, l.seg.f.Close())
}

// segments lists the files of a log in the order in which they were written.
func segments(fs vfs.FS, dir string) ([]*segment, error) {
	names, err := fs.List(dir)
	if err != nil {
		return nil, err
	}
	var ss []*segment
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, segmentPrefix)
		if !ok {
			continue
		}
		if rest, ok = strings.CutSuffix(rest, segmentSuffix); !ok {
			continue
		}
		n, err := strconv.ParseUint(rest, 10, 64)
		if err != nil {
			continue
		}
		ss = append(ss, &segment{number: n, path: fs.PathJoin(dir, name)})
	}
	slices.SortFunc(ss, func(a, b *segment) int {
		if a.number < b.number {
			return -1
		}
		return 1
	})
	return ss, nil
}

// read hands out the records of a segment, up to where there is none that is whole.
func (s *segment) read(fs vfs.FS, visit func(prev, seq uint64, entries []byte) error) (err error) {
	f, err := fs.Open(s.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	s.end = info.Size()
	left := info.Size() - int64(len(segmentTitle))
	in := bufio.NewReaderSize(f, 256<<10)
	title := make([]byte, len(segmentTitle))
	if n, err := io.ReadFull(in, title); n < len(title) || string(title) != segmentTitle {
		return ended(err)
	}
	for {
		var head [8]byte
		if left -= int64(len(head)); left < 0 {
			return nil
		}
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return ended(err)
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		if left -= n; left < 0 || n < recordNumbers {
			return nil
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(in, b); err != nil {
			return ended(err)
		}
		sum := crc32.Update(crc32.Checksum(head[4:], castagnoli), castagnoli, b)
		if sum != binary.LittleEndian.Uint32(head[:]) {
			return nil
		}
		if err := visit(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), b[recordNumbers:]); err != nil {
			return err
		}
	}
}

// ended: the end of a file is none of reading.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// eachEntry hands out the entries of a record, which lie in its memory.
func eachEntry(b []byte, visit func(btree.Entry)) error {
	for len(b) > 0 {
		klen, n := binary.Uvarint(b)
		if n <= 0 {
			return kv.ErrCorrupt
		}
		b = b[n:]
		vlen, n := binary.Uvarint(b)
		if n <= 0 || klen > uint64(len(b)) || vlen > uint64(len(b))+1 {
			return kv.ErrCorrupt
		}
		b = b[n:]
		size := klen + max(vlen, 1) - 1
		if size > uint64(len(b)) {
			return kv.ErrCorrupt
		}
		visit(btree.EntryAt(b[:size:size], int(klen), vlen == 0))
		b = b[size:]
	}
	return nil
}
