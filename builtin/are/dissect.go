package are

import "slices"

// dissect divides the text from i to j, which n is known to match, among n's
// subexpressions, and sets their captures. It fails only because of back
// references.
func (m *search) dissect(n *node, i, j int) bool {
	if !n.inner {
		return m.reaches(n, i, j)
	}
	m.step()
	switch n.kind {
	case kCapture:
		if !m.dissect(n.left, i, j) {
			return false
		}
		m.caps[2*n.n], m.caps[2*n.n+1] = i, j
		return true
	case kBackref:
		from, to := m.caps[2*n.n], m.caps[2*n.n+1]
		return from >= 0 && m.sameText(m.s[from:to], m.s[i:j])
	case kConcat:
		return m.dissectConcat(n, i, j)
	case kAlt:
		for _, s := range n.subs {
			if m.reaches(s, i, j) && m.dissect(s, i, j) {
				return true
			}
		}
		return false
	case kRepeat:
		return m.dissectRepeat(n, i, j)
	}
	return true
}

// reaches tells whether n can match from i exactly to j.
func (m *search) reaches(n *node, i, j int) bool {
	_, ok := slices.BinarySearch(m.ends(n, i), j)
	return ok
}

// dissectConcat tries the places where left can end in the order left prefers.
func (m *search) dissectConcat(n *node, i, j int) bool {
	try := func(mid int) bool {
		if mid > j || !m.reaches(n.right, mid, j) {
			return false
		}
		if m.dissect(n.left, i, mid) && m.dissect(n.right, mid, j) {
			return true
		}
		m.forget(n)
		return false
	}
	mids := m.ends(n.left, i)
	if n.left.prefer == shortest {
		for _, mid := range mids {
			if try(mid) {
				return true
			}
		}
		return false
	}
	for _, mid := range slices.Backward(mids) {
		if try(mid) {
			return true
		}
	}
	return false
}

// forget unsets the captures inside n.
func (m *search) forget(n *node) {
	if n == nil || !n.inner {
		return
	}
	if n.kind == kCapture {
		m.caps[2*n.n], m.caps[2*n.n+1] = -1, -1
	}
	m.forget(n.left)
	m.forget(n.right)
	for _, s := range n.subs {
		m.forget(s)
	}
}

// dissectRepeat divides the text among iterations, each as long (or short) as
// the repeated expression prefers; an iteration is empty only if that is
// needed to reach the least number.
func (m *search) dissectRepeat(n *node, i, j int) bool {
	if n.left.kind == kBackref {
		return m.repeatsText(n, i, j)
	}
	if n.min == 0 && i == j {
		// No iteration, or an empty one where that is possible and not shorter
		// than what the expression prefers.
		if n.left.prefer != shortest && m.reaches(n.left, i, i) && !m.dissect(n.left, i, i) {
			m.forget(n.left)
		}
		return true
	}
	least := max(n.min, 1)
	most := j - i
	if n.max != unbounded {
		most = min(most, n.max)
	}
	most = max(most, least)

	// points[k] is where iteration k ends; verified iterations have their
	// captures set.
	points := []int{i}
	var next func(k int) bool
	next = func(k int) bool {
		from := points[k-1]
		ends := m.ends(n.left, from)
		tryEnd := func(e int) bool {
			m.step()
			switch {
			case e > j || e < j && k >= most:
				return false
			case e == from && e != j && (k >= least || least-k < j-e):
				return false
			case e < j && n.max == unbounded && n.min <= 1 && !m.reaches(n, e, j):
				return false // a dead end, known without trying
			}
			m.forget(n.left)
			if !m.dissect(n.left, from, e) {
				return false
			}
			if e == j && k >= least {
				return true
			}
			if k >= most {
				return false
			}
			points = append(points[:k], e)
			return next(k + 1)
		}
		if n.left.prefer == shortest {
			for _, e := range ends {
				if tryEnd(e) {
					return true
				}
			}
			return false
		}
		for _, e := range slices.Backward(ends) {
			if tryEnd(e) {
				return true
			}
		}
		return false
	}
	return next(1)
}

// repeatsText is dissectRepeat for a back reference: its group must have
// matched, even for no repetition at all.
func (m *search) repeatsText(n *node, i, j int) bool {
	from, to := m.caps[2*n.left.n], m.caps[2*n.left.n+1]
	if from < 0 {
		return false
	}
	size := to - from
	if size == 0 {
		return i == j
	}
	count := (j - i) / size
	if (j-i)%size != 0 || count < n.min || n.max != unbounded && count > n.max {
		return false
	}
	for ; i < j; i += size {
		if !m.sameText(m.s[from:to], m.s[i:i+size]) {
			return false
		}
	}
	return true
}
