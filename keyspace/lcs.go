package keyspace

// maxLCSCells bounds the table of LCS, 4 bytes each.
const maxLCSCells = 1 << 28

// lcs answers with the longest common subsequence of two strings, its length, or
// the ranges that match.
func lcs(c *Call) error {
	var length, ranges, withLen bool
	least := int64(0)
	for i := 3; i < len(c.Args); i++ {
		switch a := c.Args[i]; {
		case Is(a, "LEN"):
			length = true
		case Is(a, "IDX"):
			ranges = true
		case Is(a, "WITHMATCHLEN"):
			withLen = true
		case Is(a, "MINMATCHLEN") && i+1 < len(c.Args):
			i++
			n, err := intArg(c.Args[i])
			if err != nil {
				return err
			}
			least = max(n, 0)
		default:
			return ErrSyntax
		}
	}
	if length && ranges {
		return Error("ERR If you want both the length and indexes, please just use IDX.")
	}
	var v [2][]byte
	for i := range v {
		s, err := c.openString(c.Args[i+1])
		if err == ErrWrongType {
			return Error("ERR The specified keys must contain string values")
		}
		if err != nil {
			return err
		}
		v[i] = s.value
	}
	a, b := v[0], v[1]
	cols := len(b) + 1
	if (len(a)+1)*cols > maxLCSCells {
		return Error("ERR Insufficient memory, failed allocating transient memory for LCS")
	}
	t := make([]int32, (len(a)+1)*cols)
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			switch {
			case a[i-1] == b[j-1]:
				t[i*cols+j] = t[(i-1)*cols+j-1] + 1
			default:
				t[i*cols+j] = max(t[(i-1)*cols+j], t[i*cols+j-1])
			}
		}
	}
	total := t[len(t)-1]
	if length {
		c.Reply.Int(int64(total))
		return nil
	}
	mark, found := 0, 0
	if ranges {
		c.Reply.Map(2)
		c.Reply.BulkString("matches")
		mark = c.Reply.Deferred()
	}
	out := make([]byte, total)
	at := int(total)
	type span struct{ aFrom, aTo, bFrom, bTo int }
	open := false
	var s span
	emit := func() {
		if n := int64(s.aTo - s.aFrom + 1); ranges && n >= least {
			found++
			if withLen {
				c.Reply.Array(3)
			} else {
				c.Reply.Array(2)
			}
			c.Reply.Array(2)
			c.Reply.Int(int64(s.aFrom))
			c.Reply.Int(int64(s.aTo))
			c.Reply.Array(2)
			c.Reply.Int(int64(s.bFrom))
			c.Reply.Int(int64(s.bTo))
			if withLen {
				c.Reply.Int(n)
			}
		}
		open = false
	}
	for i, j := len(a), len(b); i > 0 && j > 0; {
		switch {
		case a[i-1] == b[j-1]:
			at--
			out[at] = a[i-1]
			switch {
			case !open:
				s, open = span{i - 1, i - 1, j - 1, j - 1}, true
			case s.aFrom == i && s.bFrom == j:
				s.aFrom, s.bFrom = i-1, j-1
			default:
				emit()
				s, open = span{i - 1, i - 1, j - 1, j - 1}, true
			}
			i, j = i-1, j-1
		case t[(i-1)*cols+j] > t[i*cols+j-1]:
			i--
		default:
			j--
		}
	}
	if open {
		emit()
	}
	if !ranges {
		c.Reply.Bulk(out)
		return nil
	}
	c.Reply.EndArray(mark, found)
	c.Reply.BulkString("len")
	c.Reply.Int(int64(total))
	return nil
}
