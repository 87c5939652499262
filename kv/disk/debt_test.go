package disk

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"rowkey/kv"
	"rowkey/kv/kvtest"
)

// # A commit that was acknowledged survives the loss of power, although Pebble hears of
// the log's sync before it is made, and although others end logs at any moment.
func TestPowerLossWhileLogsEnd(t *testing.T) {
	rnd := rand.New(rand.NewPCG(kvtest.Seed(t), 7))
	for round := range 15 {
		fs := vfs.NewCrashableMem()
		s, err := Open("store", Options{FS: fs, MemtableBytes: 32 << 10})
		if err != nil {
			t.Fatal(err)
		}
		e := s.(*Store).e
		const writers = 3
		var acked [writers]atomic.Int64
		var stop atomic.Bool
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := int64(1); !stop.Load(); i++ {
					txn, err := s.Begin(context.Background(), kv.TxnOptions{NoSync: i%7 == 3})
					if err == nil {
						err = txn.Put(fmt.Appendf(nil, "w%d", w), binary.BigEndian.AppendUint64(nil, uint64(i)))
					}
					if err == nil {
						err = txn.Put(fmt.Appendf(nil, "w%d/%d", w, i), make([]byte, 100*w))
					}
					for n := int64(0); n < 40 && i%3 == 0 && err == nil; n++ { // synced while they go into the list
						err = txn.Put(fmt.Appendf(nil, "w%d/%d/%d", w, i, n), make([]byte, 10))
					}
					if err == nil {
						err = txn.Commit(context.Background())
					}
					if err != nil {
						t.Error(err)
						return
					}
					if i%7 != 3 {
						acked[w].Store(i)
					}
				}
			})
		}
		wg.Go(func() {
			for !stop.Load() {
				if err := e.flush(); err != nil {
					t.Error(err)
					return
				}
			}
		})
		for target := int64(20 + rnd.IntN(200)); acked[0].Load() < target && !t.Failed(); {
			time.Sleep(50 * time.Microsecond)
		}
		var want [writers]int64 // what is acknowledged by now must be there
		for w := range want {
			want[w] = acked[w].Load()
		}
		after := fs.CrashClone(vfs.CrashCloneCfg{})
		stop.Store(true)
		wg.Wait()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, err = Open("store", Options{FS: after})
		if err != nil {
			t.Fatal(err)
		}
		sn := s.Snapshot()
		for w, least := range want {
			v, ok, err := sn.Get(fmt.Appendf(nil, "w%d", w))
			if err == nil && !ok && least == 0 {
				continue
			}
			if err != nil || !ok || int64(binary.BigEndian.Uint64(v)) < least {
				t.Errorf("round %d: writer %d was told of %d commits, the store has %x, %v", round, w, least, v, err)
			}
		}
		sn.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
