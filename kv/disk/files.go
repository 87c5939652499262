package disk

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	iofs "io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"

	"rowkey/kv"
)

// fileList is DIR/FILES: what must be in Pebble's directory when the store is opened, and
// how each of these files begins. Pebble itself takes an invalid record in its list of files
// for the list's end, a directory without a marker for a new one, and does not miss a log;
// it then removes what the list does not name. What its list names it misses, so that
// tables need not be here: they are found by their sizes, and by checksums of their blocks.
//
//	rowkey files 1 ‹number of the version›
//	MANIFEST-000012 5120 89abcdef      name, bytes that were synced, their CRC-32C
//	marker.manifest.000003.MANIFEST-000012 0 00000000
//	000014.log 30211 01234567
//	end ‹CRC-32C of the lines above›
//
// Two versions lie in the file, each in its half, and are written in turn, so that a write
// that a crash cuts short leaves the one before. A version says only what a crash cannot
// undo:
//
//	a file is listed                 once its directory was synced
//	what it holds                    once it was synced
//	a file is no longer listed       before it is removed or used again
//
// Lists of files are written down at each sync of theirs; how far logs are synced,
// whenever something else is written, each second, and at the end: a commit is not to
// wait for it.
type fileList struct {
	fs   vfs.FS
	dir  string // Pebble's
	path string

	mu      sync.Mutex // held while the file is written
	f       vfs.File
	claims  map[string]*claim
	version uint64
	last    []byte // what the last version says
	closed  bool
}

// claim is what is known of one file.
type claim struct {
	name    string
	durable bool // its entry in the directory; fileList.mu

	mu              sync.Mutex
	written, synced prefix
}

// prefix is how a file begins.
type prefix struct {
	bytes int64
	sum   uint32
}

const (
	listName  = "FILES"
	listTitle = "rowkey files 1 "
	listHalf  = 16 << 10
	listBlock = 4 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (p *prefix) add(b []byte) {
	p.bytes += int64(len(b))
	p.sum = crc32.Update(p.sum, castagnoli, b)
}

// write appends to the file and notes it. The sum is taken before: under the race
// detector, file systems in memory spoil what they were given, to find those who keep it.
func (c *claim) write(f vfs.File, b []byte) (int, error) {
	written := c.now() // a file has one writer
	written.add(b)
	n, err := f.Write(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if n == len(b) {
		c.written = written
	} else {
		c.written.add(b[:n])
	}
	return n, err
}

// now is what a sync that begins now makes durable.
func (c *claim) now() prefix {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written
}

func (c *claim) wasSynced(p prefix) {
	c.mu.Lock()
	c.synced = p
	c.mu.Unlock()
}

func (c *claim) durably() prefix {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.synced
}

func newFileList(fs vfs.FS, dir string) *fileList {
	return &fileList{fs: fs, dir: fs.PathJoin(dir, dataName), path: fs.PathJoin(dir, listName), claims: map[string]*claim{}}
}

// tracks tells whether a file is listed, and under which name.
func (l *fileList) tracks(path string) (name string, ok bool) {
	if l == nil || l.fs.PathDir(path) != l.dir {
		return "", false
	}
	name = l.fs.PathBase(path)
	return name, listed(name)
}

func listed(name string) bool {
	return strings.HasPrefix(name, "MANIFEST-") || strings.HasPrefix(name, "marker.") || strings.HasSuffix(name, ".log")
}

// created notes a new and empty file; nil if it is not listed.
func (l *fileList) created(path string) *claim {
	name, ok := l.tracks(path)
	if !ok {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &claim{name: name}
	l.claims[name] = c
	return c
}

// remove takes a file off the list, before it is removed.
func (l *fileList) remove(path string) error {
	name, ok := l.tracks(path)
	if !ok {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.claims, name)
	return l.write()
}

// entries are the files whose entries a sync of the directory that begins now makes
// durable; nil if it is not the listed one.
func (l *fileList) entries(dir string) []*claim {
	if l == nil || dir != l.dir {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var cs []*claim
	for _, c := range l.claims {
		if !c.durable {
			cs = append(cs, c)
		}
	}
	return cs
}

// dirSynced lists files whose entries are durable now.
func (l *fileList) dirSynced(cs []*claim) error {
	if len(cs) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range cs {
		c.durable = true
	}
	return l.write()
}

// save writes down what is known.
func (l *fileList) save() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.write()
}

// write writes the next version, if it says something new. Under mu.
func (l *fileList) write() error {
	if l.closed {
		l.mu.Unlock()
		select {} // the file may be another store's now
	}
	text := l.text()
	if bytes.Equal(text, l.last) {
		return nil
	}
	if _, err := l.f.WriteAt(padded(l.version+1, text), int64((l.version+1)%2)*listHalf); err != nil {
		return err
	}
	if err := l.f.SyncData(); err != nil {
		return err
	}
	l.version++
	l.last = text
	return nil
}

// text is what the next version says. Under mu.
func (l *fileList) text() []byte {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(l.claims)) {
		c := l.claims[name]
		if !c.durable {
			continue
		}
		p := c.durably()
		line := fmt.Appendf(nil, "%s %d %08x\n", c.name, p.bytes, p.sum)
		if len(b)+len(line) > listHalf-100 { // hundreds of files: to list fewer is not wrong
			break
		}
		b = append(b, line...)
	}
	return b
}

// padded is a version as it is in the file.
func padded(version uint64, text []byte) []byte {
	b := append(fmt.Appendf(nil, "%s%d\n", listTitle, version), text...)
	b = fmt.Appendf(b, "end %08x\n", crc32.Checksum(b, castagnoli))
	return append(b, make([]byte, -len(b)&(listBlock-1))...)
}

// open opens what read read, or create made, for writing.
func (l *fileList) open() (err error) {
	l.f, err = l.fs.OpenReadWrite(l.path, vfs.WriteCategoryUnspecified)
	return err
}

// close ends writing for ever.
func (l *fileList) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}

// create makes the file anew, of what is listed.
func (l *fileList) create() error {
	f, err := l.fs.Create(l.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	l.version, l.last = 1, l.text()
	b := make([]byte, 2*listHalf)
	copy(b[listHalf:], padded(1, l.last))
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncDir(l.fs, l.fs.PathDir(l.path))
}

// read reads the newer version.
func (l *fileList) read() error {
	b, err := readAll(l.fs, l.path)
	if errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("%w: %s is missing", kv.ErrCorrupt, l.path)
	}
	if err != nil {
		return translate(err)
	}
	found := false
	for len(b) > 0 {
		half := b[:min(len(b), listHalf)]
		b = b[len(half):]
		version, text, claims, ok := parseList(half)
		if ok && (!found || version > l.version) {
			found, l.version, l.last, l.claims = true, version, text, claims
		}
	}
	if !found {
		return fmt.Errorf("%w: %s is damaged", kv.ErrCorrupt, l.path)
	}
	return nil
}

// parseList reads a version, if it is whole.
func parseList(b []byte) (version uint64, text []byte, claims map[string]*claim, ok bool) {
	claims = map[string]*claim{}
	first, _, _ := bytes.Cut(b, []byte("\n"))
	version, err := strconv.ParseUint(strings.TrimPrefix(string(first), listTitle), 10, 64)
	if err != nil || !bytes.HasPrefix(first, []byte(listTitle)) {
		return 0, nil, nil, false
	}
	at := len(first) + 1
	for {
		line, _, more := bytes.Cut(b[at:], []byte("\n"))
		if !more {
			return 0, nil, nil, false
		}
		if sum, ok := strings.CutPrefix(string(line), "end "); ok {
			return version, b[len(first)+1 : at], claims, sum == fmt.Sprintf("%08x", crc32.Checksum(b[:at], castagnoli))
		}
		c := &claim{durable: true}
		if n, err := fmt.Sscanf(string(line), "%s %d %x", &c.name, &c.synced.bytes, &c.synced.sum); n != 3 || err != nil {
			return 0, nil, nil, false
		}
		c.written = c.synced
		claims[c.name] = c
		at += len(line) + 1
	}
}

// check compares what is listed with what is there. What Pebble does not read any more is
// taken off the list, which is written with the first change: newer lists of files count, and
// from then on newer logs.
func (l *fileList) check() error {
	names, err := l.fs.List(l.dir)
	if err != nil && !errors.Is(err, iofs.ErrNotExist) {
		return translate(err)
	}
	newest := map[string]marker{}
	for _, n := range names {
		if m, ok := parseMarker(n); ok && newest[m.name].number < m.number {
			newest[m.name] = m
		}
	}
	current, firstLog := newest["manifest"].value, uint64(0)
	// Markers come before lists, and these before logs.
	for _, name := range slices.SortedFunc(maps.Keys(l.claims), func(a, b string) int { return strings.Compare(b, a) }) {
		m, isMarker := parseMarker(name)
		log, isLog := strings.CutSuffix(name, ".log")
		number, err := strconv.ParseUint(log, 10, 64)
		switch {
		case isMarker && newest[m.name].number > m.number,
			strings.HasPrefix(name, "MANIFEST-") && current != "" && name != current,
			isLog && err == nil && number < firstLog:
			delete(l.claims, name)
			continue
		}
		if err := l.compare(l.claims[name]); err != nil {
			return err
		}
		if name == current {
			if firstLog, err = firstLogOf(l.fs, l.fs.PathJoin(l.dir, name)); err != nil {
				return translate(err)
			}
		}
	}
	return nil
}

// marker is a file whose name, marker.‹name›.‹number›.‹value›, is what it says. The one with
// the highest number counts.
type marker struct {
	name   string
	number uint64 // from 1 on
	value  string
}

func parseMarker(file string) (marker, bool) {
	parts := strings.SplitN(file, ".", 4)
	if len(parts) != 4 || parts[0] != "marker" {
		return marker{}, false
	}
	n, err := strconv.ParseUint(parts[2], 10, 64)
	return marker{parts[1], n, parts[3]}, err == nil
}

// compare sees that a file begins as it must.
func (l *fileList) compare(c *claim) error {
	path, want := l.fs.PathJoin(l.dir, c.name), c.durably()
	f, err := l.fs.Open(path)
	if errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("%w: %s is missing", kv.ErrCorrupt, path)
	}
	if err != nil {
		return translate(err)
	}
	defer f.Close()
	sum := crc32.New(castagnoli)
	n, err := io.Copy(sum, io.LimitReader(f, want.bytes))
	switch {
	case err != nil:
		return translate(err)
	case n < want.bytes:
		return fmt.Errorf("%w: %s ends after %d of the %d bytes that were written", kv.ErrCorrupt, path, n, want.bytes)
	case sum.Sum32() != want.sum:
		return fmt.Errorf("%w: the first %d bytes of %s are not those that were written", kv.ErrCorrupt, n, path)
	}
	return nil
}

// verify compares the files of an open store; report is told of those that differ.
func (l *fileList) verify(report func(kv.Damage) error) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	claims := maps.Clone(l.claims)
	for name, c := range claims {
		if !c.durable {
			delete(claims, name)
		}
	}
	l.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		err := l.compare(claims[name])
		l.mu.Lock()
		still := l.claims[name] == claims[name]
		l.mu.Unlock()
		if err != nil && still {
			if err := report(kv.Damage{Place: l.fs.PathJoin(l.dir, name), What: err.Error()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// adopt lists the files that are there, as those of stores before there was such a list.
func (l *fileList) adopt() error {
	names, err := l.fs.List(l.dir)
	if errors.Is(err, iofs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if !listed(name) {
			continue
		}
		f, err := l.fs.Open(l.fs.PathJoin(l.dir, name))
		if err != nil {
			return err
		}
		c, sum := &claim{name: name, durable: true}, crc32.New(castagnoli)
		c.synced.bytes, err = io.Copy(sum, f)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
		c.synced.sum = sum.Sum32()
		c.written = c.synced
		l.claims[name] = c
	}
	return syncDir(l.fs, l.dir)
}

// firstLogOf is the number of the oldest log that a list of files wants replayed. Each
// record of it begins with the numbered fields that LevelDB's had.
func firstLogOf(fs vfs.FS, path string) (first uint64, err error) {
	f, err := fs.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for r := record.NewReader(f, 0); ; {
		in, err := r.Next()
		if err != nil {
			return first, nil // as Pebble takes it
		}
		b := bufio.NewReader(in)
		tag, err := binary.ReadUvarint(b)
		if err == nil && tag == 1 { // the name of the order of keys
			n, err := binary.ReadUvarint(b)
			if err != nil || n > listBlock {
				continue
			}
			if _, err := b.Discard(int(n)); err != nil {
				continue
			}
			if tag, err = binary.ReadUvarint(b); err != nil {
				continue
			}
		}
		if err == nil && tag == 2 {
			if n, err := binary.ReadUvarint(b); err == nil {
				first = max(first, n)
			}
		}
	}
}

func readAll(fs vfs.FS, path string) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	return b, errors.Join(err, f.Close())
}
