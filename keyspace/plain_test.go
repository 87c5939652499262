package keyspace_test

import (
	"context"
	"testing"

	"rowkey/kv"
	"rowkey/kv/disk"
	"rowkey/kv/memory"
	"rowkey/session"
)

// # Strings that are stored without a look at what was there leave nothing of it: neither a time to live nor a
// collection that SQL or another command has made meanwhile.
func TestStoresBlindly(t *testing.T) {
	ctx := context.Background()
	onDisk, err := disk.Open(t.TempDir(), disk.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, store := range []kv.Store{memory.New(), onDisk} {
		db, err := session.Open(ctx, store, session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s, err := db.NewSession(ctx, session.SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c := newClient(db)
		check := func(command, want string) {
			t.Helper()
			if got := c.do(command); got != want {
				t.Errorf("%s: %s, want %s", command, got, want)
			}
		}
		for range 300 { // on disk it takes a while until it is known that there are no others
			check("mset a 1 b 2 a 3", "+OK")
			check("set b 2", "+OK")
		}
		for _, made := range []string{
			"INSERT INTO kv.strings VALUES ('c', '1', now() + interval '1 hour')",
			"UPDATE kv.strings SET expires_at = now() + interval '1 hour' WHERE key = 'a'",
			"INSERT INTO kv.hashes VALUES ('c', 'f', '1')",
			"DELETE FROM kv.strings WHERE key = 'a'; INSERT INTO kv.lists VALUES ('a', 1, 'x')",
		} {
			if err := s.Simple(ctx, made, session.Discard); err != nil {
				t.Fatalf("%s: %v", made, err)
			}
			check("mset a 1 c 2", "+OK")
			check("set b 3", "+OK")
			for _, k := range []string{"a", "c"} {
				check("type "+k, "+string")
				check("ttl "+k, ":-1")
			}
			if what := damage(t, db, 0); what != "" {
				t.Errorf("after %s and MSET: %s", made, what)
			}
			check("del c", ":1")
			check("mset a 3 b 4", "+OK")
			check("dbsize", ":2")
		}
	}
}
