package executor

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"
	"math/big"
	"os"
	"syscall"
	"unsafe"

	"rowkey/catalog/rowenc"
	"rowkey/pgerr"
	"rowkey/types"
)

// Operators that hold rows put them on disk when they outgrow work_mem: sorts as
// sorted runs that are merged (op_sort.go), joins, groups and distinct rows as
// partitions by hash that are dealt with one after the other (op_hashjoin.go,
// op_agg.go, op_distinct.go, op_setop.go), the rows of a great window partition as they
// come (op_window.go). What cannot be put aside so (aggregates' states, what window
// functions look at, a recursive query's seen rows) is bounded by the statement's
// Account and ends with 53200.
//
// A spool is a temporary file of batches, written once and read from its
// beginning, any number of times:
//
//	block │ bytes of the block, uint32 │ rows, uint32 │ column │ column │ …
//	column │ 1 and a byte a row where there are NULLs, else 0 │ values as the vector holds them

// TempFiles is where a database's statements put what does not fit into memory.
// Safe for concurrent use.
type TempFiles struct {
	// Dir is where the files are made, and is made itself when first needed; they have no names there for longer than a
	// moment, so that none stay behind after a crash.
	Dir string
}

// create makes an anonymous file.
func (t *TempFiles) create() (*os.File, error) {
	f, err := os.CreateTemp(t.Dir, "rowkey-spill-*")
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(t.Dir, 0o700); err == nil {
			f, err = os.CreateTemp(t.Dir, "rowkey-spill-*")
		}
	}
	if err != nil {
		return nil, tempError("create", err)
	}
	_ = os.Remove(f.Name()) // where an open file cannot be removed, close does it
	return f, nil
}

func tempError(what string, err error) error {
	code := pgerr.IOError
	if errors.Is(err, syscall.ENOSPC) {
		code = pgerr.DiskFull
	}
	return pgerr.Newf(code, "could not %s temporary file: %v", what, err).WithCause(err)
}

// spoolBlock bounds the rows gathered before a block is written, in bytes.
const spoolBlock = 64 << 10

// spool is a temporary file of rows.
type spool struct {
	x       *exec
	pending *rowSet
	file    *os.File
	out     *bufio.Writer
	buf     []byte
	rows    int64
	bytes   int64 // of the rows in memory, about
	size    int64 // of the file
	at      int64 // what reading has taken
	in      *bufio.Reader
	batch   types.Batch
}

// canSpill tells whether rows of these types may be put on disk, and may have to.
func (x *exec) canSpill(ts ...[]*types.Type) bool {
	if x.WorkMem <= 0 || x.Temp == nil || x.worker != nil {
		return false
	}
	for _, l := range ts {
		for _, t := range l {
			if !rowenc.CanStore(t) {
				return false
			}
		}
	}
	return true
}

func (x *exec) newSpool(ts []*types.Type) *spool {
	return &spool{x: x, pending: newRowSet(ts, x.Memory)}
}

// add appends rows of a batch.
func (s *spool) add(b *types.Batch, rows []int32) error {
	for len(rows) > 0 {
		n := min(len(rows), types.BatchSize-s.pending.n)
		before := s.pending.bytes
		if err := s.pending.addRows(b, rows[:n]); err != nil {
			return err
		}
		s.rows += int64(n)
		s.bytes += s.pending.bytes - before
		rows = rows[n:]
		if s.pending.n >= types.BatchSize || s.pending.bytes >= spoolBlock {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the rows gathered.
func (s *spool) flush() error {
	if s.pending.n == 0 {
		return nil
	}
	if err := s.x.cancelled(); err != nil {
		return err
	}
	if s.file == nil {
		f, err := s.x.Temp.create()
		if err != nil {
			return err
		}
		s.file, s.out = f, bufio.NewWriterSize(f, spoolBlock)
	}
	var err error
	if s.buf, err = appendBlock(s.buf[:0], s.pending.cols, s.pending.n); err != nil {
		return err
	}
	s.pending.reset()
	s.size += int64(len(s.buf))
	if err := s.x.tempUsed(int64(len(s.buf))); err != nil {
		return err
	}
	if _, err := s.out.Write(s.buf); err != nil {
		return tempError("write to", err)
	}
	return nil
}

// tempUsed takes n more bytes of what the statement may put on disk.
func (x *exec) tempUsed(n int64) error {
	x.temp += n
	if x.TempLimit > 0 && x.temp > x.TempLimit {
		return pgerr.Newf(pgerr.ConfigurationLimitExceeded, "temporary file size exceeds temp_file_limit (%dkB)", x.TempLimit>>10)
	}
	return nil
}

// rewind ends writing, and makes reading begin anew.
func (s *spool) rewind() error {
	if err := s.flush(); err != nil {
		return err
	}
	s.at, s.buf = 0, nil
	if s.file == nil {
		return nil
	}
	if err := s.out.Flush(); err != nil {
		return tempError("write to", err)
	}
	if s.in == nil {
		s.in = bufio.NewReaderSize(nil, spoolBlock)
	}
	s.in.Reset(io.NewSectionReader(s.file, 0, s.size))
	return nil
}

// next reads a batch, nil at the end. It lives until the next call.
func (s *spool) next() (*types.Batch, error) {
	if s.at >= s.size {
		return nil, nil
	}
	if err := s.x.cancelled(); err != nil {
		return nil, err
	}
	var head [8]byte
	if _, err := io.ReadFull(s.in, head[:]); err != nil {
		return nil, tempError("read from", err)
	}
	n := int(binary.LittleEndian.Uint32(head[:]))
	rows := int(binary.LittleEndian.Uint32(head[4:]))
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	s.buf = s.buf[:n]
	if _, err := io.ReadFull(s.in, s.buf); err != nil {
		return nil, tempError("read from", err)
	}
	s.at += int64(n + len(head))
	if s.batch.Cols == nil {
		for _, c := range s.pending.cols {
			s.batch.Cols = append(s.batch.Cols, types.NewVec(c.Type, rows))
		}
	}
	s.batch.N = rows
	b := s.buf
	for _, c := range s.batch.Cols {
		var ok bool
		if b, ok = readColumn(b, c, rows); !ok {
			return nil, pgerr.New(pgerr.DataCorrupted, "a temporary file does not hold what was written")
		}
	}
	return &s.batch, nil
}

// close gives the file up.
func (s *spool) close() {
	if s == nil {
		return
	}
	s.pending.drop()
	if s.file != nil {
		s.x.temp -= s.size
		name := s.file.Name()
		_ = s.file.Close()
		_ = os.Remove(name)
		s.file = nil
	}
	s.size, s.rows, s.in, s.out, s.buf = 0, 0, nil, nil, nil
}

// raw gives the memory of fixed-size values, to be written and read on the
// machine that runs.
func raw[T bool | int64 | float64 | types.Span](v []T) []byte {
	var z T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(z)))
}

// appendBlock appends n rows.
func appendBlock(dst []byte, cols []*types.Vec, n int) ([]byte, error) {
	from := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, c := range cols {
		if c.HasNulls {
			dst = append(append(dst, 1), raw(c.Nulls[:n])...)
		} else {
			dst = append(dst, 0)
		}
		switch c.Type.Phys {
		case types.PhysBool:
			dst = append(dst, raw(c.B[:n])...)
		case types.PhysInt64:
			dst = append(dst, raw(c.I[:n])...)
		case types.PhysFloat64:
			dst = append(dst, raw(c.F[:n])...)
		case types.PhysInterval:
			dst = append(dst, raw(c.V[:n])...)
		case types.PhysBytes:
			for i, s := range c.S[:n] {
				if c.IsNull(i) {
					s = ""
				}
				dst = binary.AppendUvarint(dst, uint64(len(s)))
			}
			for i, s := range c.S[:n] {
				if !c.IsNull(i) {
					dst = append(dst, s...)
				}
			}
		case types.PhysDecimal:
			for i := range n {
				dst = appendSpilledDecimal(dst, &c.D[i], c.IsNull(i))
			}
		default:
			for i, a := range c.A[:n] {
				if c.IsNull(i) {
					continue
				}
				at := len(dst)
				dst = append(dst, 0, 0, 0, 0)
				var err error
				if dst, err = rowenc.AppendAny(dst, c.Type, a); err != nil {
					return nil, err
				}
				binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
			}
		}
	}
	if len(dst)-from > math.MaxInt32 {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "rows are too big to be put on disk")
	}
	binary.LittleEndian.PutUint32(dst[from:], uint32(len(dst)-from-8))
	binary.LittleEndian.PutUint32(dst[from+4:], uint32(n))
	return dst, nil
}

const (
	spilledNull  = 0
	spilledSmall = 1 // coefficient in 64 bits
	spilledBig   = 2
)

func appendSpilledDecimal(dst []byte, d *types.Decimal, null bool) []byte {
	switch {
	case null:
		return append(dst, spilledNull)
	case d.Big == nil:
		dst = append(dst, spilledSmall, byte(d.Form))
		dst = binary.AppendVarint(dst, int64(d.Scale))
		return binary.AppendVarint(dst, d.Coef)
	}
	dst = append(dst, spilledBig, byte(d.Form))
	dst = binary.AppendVarint(dst, int64(d.Scale))
	sign := byte(0)
	if d.Big.Sign() < 0 {
		sign = 1
	}
	b := d.Big.Bytes()
	dst = binary.AppendUvarint(append(dst, sign), uint64(len(b)))
	return append(dst, b...)
}

func readSpilledDecimal(b []byte, d *types.Decimal) (rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	kind := b[0]
	if kind == spilledNull {
		*d = types.Decimal{}
		return b[1:], true
	}
	if len(b) < 2 {
		return nil, false
	}
	form := types.DecimalForm(b[1])
	b = b[2:]
	scale, k := binary.Varint(b)
	if k <= 0 {
		return nil, false
	}
	b = b[k:]
	if kind == spilledSmall {
		coef, k := binary.Varint(b)
		if k <= 0 {
			return nil, false
		}
		*d = types.Decimal{Coef: coef, Scale: int32(scale), Form: form}
		return b[k:], true
	}
	if len(b) == 0 {
		return nil, false
	}
	negative := b[0] == 1
	n, k := binary.Uvarint(b[1:])
	if k <= 0 || n > uint64(len(b)-1-k) {
		return nil, false
	}
	b = b[1+k:]
	v := new(big.Int).SetBytes(b[:n])
	if negative {
		v.Neg(v)
	}
	*d = types.Decimal{Scale: int32(scale), Form: form, Big: v}
	return b[n:], true
}

// readColumn reads a column of n rows into v.
func readColumn(b []byte, v *types.Vec, n int) (rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	nulls := b[0] == 1
	b = b[1:]
	v.HasNulls = false
	v.Resize(n)
	if nulls {
		if len(b) < n {
			return nil, false
		}
		copy(raw(v.MakeNulls()[:n]), b)
		b = b[n:]
	}
	fixed := func(to []byte) ([]byte, bool) {
		if len(b) < len(to) {
			return nil, false
		}
		copy(to, b)
		return b[len(to):], true
	}
	switch v.Type.Phys {
	case types.PhysBool:
		return fixed(raw(v.B[:n]))
	case types.PhysInt64:
		return fixed(raw(v.I[:n]))
	case types.PhysFloat64:
		return fixed(raw(v.F[:n]))
	case types.PhysInterval:
		return fixed(raw(v.V[:n]))
	case types.PhysBytes:
		return readStrings(b, v, n)
	case types.PhysDecimal:
		for i := range n {
			if b, ok = readSpilledDecimal(b, &v.D[i]); !ok {
				return nil, false
			}
		}
		return b, true
	}
	for i := range n {
		v.A[i] = nil
		if v.IsNull(i) {
			continue
		}
		if len(b) < 4 {
			return nil, false
		}
		k := int(binary.LittleEndian.Uint32(b))
		if len(b)-4 < k {
			return nil, false
		}
		// Its own copy: what is made of the bytes may keep them.
		if v.A[i] = rowenc.DecodeAny(v.Type, append([]byte(nil), b[4:4+k]...)); v.A[i] == nil {
			return nil, false
		}
		b = b[4+k:]
	}
	return b, true
}

// readStrings reads strings, which share one piece of memory.
func readStrings(b []byte, v *types.Vec, n int) (rest []byte, ok bool) {
	lens := b
	total := 0
	for range n {
		l, k := binary.Uvarint(b)
		if k <= 0 || l > uint64(len(b)) {
			return nil, false
		}
		total += int(l)
		b = b[k:]
	}
	if total > len(b) {
		return nil, false
	}
	text := string(b[:total])
	for i := range n {
		l, k := binary.Uvarint(lens)
		lens = lens[k:]
		v.S[i], text = text[:l], text[l:]
	}
	return b[total:], true
}

// Partitions by hash. Each level of a partition that is cut again uses other bits.
const (
	spillParts  = 32
	spillLevels = 4
)

// spillPart is the partition of a hash at a level.
func spillPart(h uint64, level int) int {
	h ^= uint64(level+1) * 0x9e3779b97f4a7c15
	h ^= h >> 31
	h *= 0xbf58476d1ce4e5b9
	return int(h >> 59)
}

// spillSet cuts rows into spools by hash.
type spillSet struct {
	level  int
	spools [spillParts]*spool
	rows   [spillParts][]int32
}

func (x *exec) newSpillSet(ts []*types.Type, level int) *spillSet {
	s := &spillSet{level: level}
	for i := range s.spools {
		s.spools[i] = x.newSpool(ts)
	}
	return s
}

// add puts rows away; h has their hashes by place in the batch.
func (s *spillSet) add(b *types.Batch, rows []int32, h []uint64) error {
	for i := range s.rows {
		s.rows[i] = s.rows[i][:0]
	}
	for _, i := range rows {
		p := spillPart(h[i], s.level)
		s.rows[p] = append(s.rows[p], i)
	}
	for p, l := range s.rows {
		if len(l) > 0 {
			if err := s.spools[p].add(b, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// size is the bytes on disk.
func (s *spillSet) size() (n int64) {
	for _, p := range s.spools {
		if p != nil {
			n += p.size
		}
	}
	return n
}

// close gives up the spools that are still there.
func (s *spillSet) close() {
	if s == nil {
		return
	}
	for _, p := range s.spools {
		p.close()
	}
}
