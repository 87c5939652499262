package catalog

import "iter"

// cowMap is a map whose copies are cheap: a large base that copies share and a
// small overlay each has for itself. The zero value is empty. A cowMap that
// was copied must not be changed any more; only fresh copies are.
type cowMap[K comparable, V any] struct {
	base map[K]V
	over map[K]overlay[V]
}

type overlay[V any] struct {
	val  V
	gone bool
}

// overlayMax is the size at which an overlay is folded into a new base.
const overlayMax = 128

func (m *cowMap[K, V]) get(k K) (V, bool) {
	if o, ok := m.over[k]; ok {
		return o.val, !o.gone
	}
	v, ok := m.base[k]
	return v, ok
}

// at is get without the presence flag.
func (m *cowMap[K, V]) at(k K) V {
	v, _ := m.get(k)
	if o, ok := m.over[k]; ok && o.gone {
		var zero V
		return zero
	}
	return v
}

// copy gives a map that may be changed without changing m.
func (m *cowMap[K, V]) copy() cowMap[K, V] {
	if len(m.over) > overlayMax {
		base := make(map[K]V, len(m.base)+len(m.over))
		for k, v := range m.all() {
			base[k] = v
		}
		return cowMap[K, V]{base: base, over: map[K]overlay[V]{}}
	}
	over := make(map[K]overlay[V], len(m.over)+4)
	for k, o := range m.over {
		over[k] = o
	}
	return cowMap[K, V]{base: m.base, over: over}
}

func (m *cowMap[K, V]) set(k K, v V) {
	if m.over == nil {
		m.over = map[K]overlay[V]{}
	}
	m.over[k] = overlay[V]{val: v}
}

func (m *cowMap[K, V]) delete(k K) {
	if m.over == nil {
		m.over = map[K]overlay[V]{}
	}
	m.over[k] = overlay[V]{gone: true}
}

// all visits the entries in no order.
func (m *cowMap[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for k, v := range m.base {
			if _, ok := m.over[k]; ok {
				continue
			}
			if !yield(k, v) {
				return
			}
		}
		for k, o := range m.over {
			if !o.gone && !yield(k, o.val) {
				return
			}
		}
	}
}
