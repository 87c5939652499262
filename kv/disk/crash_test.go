package disk_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rowkey/kv"
	"rowkey/kv/disk"
	"rowkey/kv/kvtest"
)

// # Killed at any moment, the store holds every acknowledged commit of each writer,
// each whole, and of every writer a prefix.
//
// A child process runs a few writers. Writer w commits transactions 0, 1, 2, …; number
// i writes i into three keys of its own, and one key for itself. It prints "w i" after
// the commit returned. The parent kills the child with SIGKILL, opens the store and
// compares.
func TestKill(t *testing.T) {
	if dir := os.Getenv("ROWKEY_CRASH_CHILD"); dir != "" {
		crashChild(dir)
		return
	}
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	rnd := rand.New(rand.NewPCG(kvtest.Seed(t), 3))
	dir := t.TempDir()
	acked := make([]int, crashWriters)
	for w := range acked {
		acked[w] = -1
	}
	total := 0
	for range rounds {
		child := exec.Command(os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), "ROWKEY_CRASH_CHILD="+dir)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() || lines.Text() != "open" {
			t.Fatalf("the child says %q", lines.Text())
		}
		time.AfterFunc(time.Duration(rnd.IntN(250))*time.Millisecond, func() { child.Process.Kill() })
		for lines.Scan() {
			ws, is, ok := strings.Cut(lines.Text(), " ")
			w, err := strconv.Atoi(ws)
			i, err2 := strconv.Atoi(is)
			if !ok || err != nil || err2 != nil || w >= crashWriters {
				continue // a line that the kill cut short
			}
			acked[w] = max(acked[w], i)
			total++
		}
		child.Wait()
		checkCrashed(t, dir, acked)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d acknowledged commits in %d rounds, none lost", total, rounds)
}

const crashWriters = 4

func crashKey(w int, what string, i int) []byte {
	return fmt.Appendf(nil, "%d/%s/%08d", w, what, i)
}

func crashChild(dir string) {
	s, err := disk.Open(dir, disk.Options{MemtableBytes: 32 << 10, TxnBytes: 1000}) // small: many flushes
	if err != nil {
		fmt.Println("opening:", err)
		os.Exit(1)
	}
	fmt.Println("open")
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range crashWriters {
		wg.Go(func() {
			for i := crashNext(s, w); ; i++ {
				value := binary.BigEndian.AppendUint64(nil, uint64(i))
				txn, err := s.Begin(context.Background(), kv.TxnOptions{})
				if err != nil {
					panic(err)
				}
				for part := range 3 {
					must(txn.Put(crashKey(w, "part", part), value))
				}
				must(txn.Put(crashKey(w, "number", i), make([]byte, 200+1000*(w%2)))) // half of them spill
				must(txn.Commit(context.Background()))
				mu.Lock()
				fmt.Printf("%d %d\n", w, i)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func crashNext(s kv.Store, w int) int {
	sn := s.Snapshot()
	defer sn.Close()
	v, ok, err := sn.Get(crashKey(w, "part", 0))
	must(err)
	if !ok {
		return 0
	}
	return int(binary.BigEndian.Uint64(v)) + 1
}

func checkCrashed(t *testing.T, dir string, acked []int) {
	s, err := disk.Open(dir, disk.Options{CacheBytes: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sn := s.Snapshot()
	defer sn.Close()
	sum := uint64(0)
	for w := range crashWriters {
		next := crashNext(s, w)
		sum += uint64(next)
		if next-1 < acked[w] {
			t.Errorf("writer %d was told that %d is committed, the store has %d", w, acked[w], next-1)
		}
		for part := range 3 {
			v, ok, err := sn.Get(crashKey(w, "part", part))
			if err != nil || ok != (next > 0) || (ok && int(binary.BigEndian.Uint64(v)) != next-1) {
				t.Errorf("writer %d: commit %d is not whole: part %d is %x, %v, %v", w, next-1, part, v, ok, err)
			}
		}
		it := sn.Scan(kv.PrefixRange(fmt.Appendf(nil, "%d/number/", w)), kv.ScanOptions{KeysOnly: true})
		var b kv.PairBatch
		i := 0
		for {
			n, err := it.Next(&b)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
			for _, key := range b.Keys {
				if string(key) != string(crashKey(w, "number", i)) {
					t.Fatalf("writer %d: commit %d is missing, found %s", w, i, key)
				}
				i++
			}
		}
		it.Close()
		if i != next {
			t.Errorf("writer %d: %d commits are there, %d are counted", w, i, next)
		}
	}
	if s.Seq() != sum {
		t.Errorf("the store's number is %d after %d commits", s.Seq(), sum)
	}
}
