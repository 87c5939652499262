package crash

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"rowkey"
	"rowkey/kv"
	"rowkey/kv/disk"
)

// unsyncedFor is how long a commit with synchronous_commit off may be lost: 200 ms and the
// time of a sync, and more on a machine that is busy with tests.
const unsyncedFor = 1500 * time.Millisecond

// # With synchronous_commit off, neither a loss of power nor the end of the process loses a
// commit that was acknowledged a while ago, though no other commit follows it.
func TestUnsyncedCommits(t *testing.T) {
	ctx := context.Background()
	if dir := os.Getenv("ROWKEY_UNSYNCED_CHILD"); dir != "" {
		db, err := rowkey.Open(dir)
		if err == nil {
			err = addUnsynced(ctx, db, func(n int) { fmt.Println(n) }, time.Hour)
		}
		fmt.Println(err)
		os.Exit(1)
	}
	t.Run("power", func(t *testing.T) {
		fs := vfs.NewCrashableMem()
		store, err := disk.Open("/data/db", disk.Options{FS: fs, CacheBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		db, err := rowkey.OpenStore(store)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var told times
		var left []*vfs.MemFS
		var safe []int
		crash := func() {
			safe = append(safe, told.before(unsyncedFor))
			left = append(left, fs.CrashClone(vfs.CrashCloneCfg{}))
		}
		done := make(chan error, 1)
		go func() { done <- addUnsynced(ctx, db, told.add, 3*time.Second) }()
		for adding := true; adding; {
			crash()
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				adding = false
			case <-time.After(400 * time.Millisecond):
			}
		}
		crash() // at once, and when all must be there
		time.Sleep(unsyncedFor)
		crash()
		lost := 0
		for i, fs := range left {
			store, err := disk.Open("/data/db", disk.Options{FS: fs, CacheBytes: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			n := counted(t, store)
			if n < safe[i] {
				t.Errorf("crash %d: %d commits are there, %d were old enough", i, n, safe[i])
			}
			lost += max(0, told.len()-n)
		}
		if safe[len(safe)-1] != told.len() {
			t.Errorf("%d commits were old enough, of %d", safe[len(safe)-1], told.len())
		}
		t.Logf("%d crashes of %d commits, the last of which were lost %d times", len(left), told.len(), lost)
		if lost == 0 {
			t.Error("the test shows little: nothing is ever lost")
		}
	})
	t.Run("kill", func(t *testing.T) {
		dir := t.TempDir()
		c, out := startChild(t, "TestUnsyncedCommits", "ROWKEY_UNSYNCED_CHILD="+dir)
		var told times
		lines := bufio.NewScanner(out)
		for killed := false; lines.Scan(); {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Errorf("the child says %q", lines.Text())
				break
			}
			told.add(n)
			if !killed && told.before(unsyncedFor) > 100 {
				killed = true
				c.Process.Kill()
			}
		}
		safe := told.before(unsyncedFor)
		c.Wait()
		store, err := disk.Open(dir, disk.Options{CacheBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		n := counted(t, store)
		if n < safe || safe == 0 {
			t.Errorf("%d commits are there, %d were old enough", n, safe)
		}
		t.Logf("killed after %d commits: %d were old enough, %d are there", told.len(), safe, n)
	})
}

// addUnsynced adds rows one by one for a while.
func addUnsynced(ctx context.Context, db *rowkey.DB, told func(int), d time.Duration) error {
	if _, err := db.Exec(ctx, "CREATE TABLE t (n int PRIMARY KEY)"); err != nil {
		return err
	}
	end := time.Now().Add(d)
	for n := 1; time.Now().Before(end); n++ {
		tx, err := db.Begin(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SET LOCAL synchronous_commit = off"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf("INSERT INTO t VALUES (%d)", n)); err != nil {
			return err
		}
		if err := tx.Commit(ctx); err != nil {
			return err
		}
		told(n)
		time.Sleep(time.Millisecond)
	}
	return nil
}

func counted(t *testing.T, store kv.Store) int {
	t.Helper()
	db, err := rowkey.OpenStore(store)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(context.Background(), "SELECT count(*), coalesce(max(n), 0) FROM t")
	if err != nil {
		return 0 // the table is lost, too
	}
	var n, last int
	if !rows.Next() {
		t.Fatal("no row")
	}
	if err := rows.Scan(&n, &last); err != nil {
		t.Fatal(err)
	}
	if n != last {
		t.Errorf("%d rows are there, the last is %d", n, last)
	}
	return n
}

// times tells when commits 1, 2, … were acknowledged.
type times struct {
	mu sync.Mutex
	at []time.Time
}

func (t *times) add(int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at = append(t.at, time.Now())
}

func (t *times) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.at)
}

// before is how many were acknowledged longer than d ago.
func (t *times) before(d time.Duration) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for n < len(t.at) && time.Since(t.at[n]) > d {
		n++
	}
	return n
}
