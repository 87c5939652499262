package executor

import (
	"bytes"
	"slices"

	"rowkey/kv"
)

// bitmap finds the keys of the rows that any arm of a bitmap leads to: each once,
// in their order, so that rows are fetched from one end of the table to the other.
// The keys are held in memory, which is accounted for.
func (o *scanOp) bitmap() error {
	o.dropBitmap()
	keys := o.rowKeys[:0]
	var buf []byte
	var pairs kv.PairBatch
	for _, arm := range o.arms {
		ranges, err := arm.ranges(nil)
		if err != nil {
			return err
		}
		for _, r := range ranges {
			it := o.x.read.Scan(r, kv.ScanOptions{KeysOnly: arm.x.IsPrimary()})
			for {
				n, err := it.Next(&pairs)
				if err == nil {
					err = o.x.cancelled()
				}
				if err != nil {
					it.Close()
					return storeError(err)
				}
				if n == 0 {
					break
				}
				held := len(buf)
				for i, k := range pairs.Keys {
					from := len(buf)
					if arm.x.IsPrimary() {
						buf = append(buf, k...)
					} else if buf, err = arm.x.AppendRowKey(buf, k, pairs.Values[i]); err != nil {
						it.Close()
						return err
					}
					keys = append(keys, buf[from:len(buf):len(buf)])
				}
				if o.c != nil {
					o.c.Keys += int64(n)
					o.c.KeyBytes += int64(len(buf) - held)
				}
				size := int64(len(buf)-held) + 24*int64(n)
				o.bitmapMem += size
				if err := o.x.Memory.grow(size); err != nil {
					it.Close()
					return err
				}
			}
			it.Close()
		}
	}
	if err := sortUntilCancelled(o.x, keys, bytes.Compare); err != nil {
		return err
	}
	o.rowKeys = slices.CompactFunc(keys, func(a, b []byte) bool { return string(a) == string(b) })
	return nil
}

// dropBitmap gives the memory of the keys back.
func (o *scanOp) dropBitmap() {
	if o.bitmapMem != 0 {
		_ = o.x.Memory.grow(-o.bitmapMem)
		o.bitmapMem, o.rowKeys = 0, nil
	}
}
