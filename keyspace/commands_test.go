package keyspace_test

import (
	"os"
	"strings"
	"testing"
)

// Every line of testdata/commands.txt gets the reply that redis-server gives.
func TestAsRedis(t *testing.T) {
	text, err := os.ReadFile("testdata/commands.txt")
	if err != nil {
		t.Fatal(err)
	}
	redis, c := startRedis(t), newClient(newSpace(t))
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		if want, got := redis.do(line), c.do(line); got != want {
			t.Errorf("line %d: %s\n got %s\nwant %s", i+1, line, got, want)
		}
	}
}
