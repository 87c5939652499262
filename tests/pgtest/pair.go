package pgtest

import (
	"errors"
	"fmt"
	"os"
)

// Side is one of the servers that are compared.
type Side struct {
	Name, URL string
	PID       int // 0 when somebody else's
}

// PairOptions say what a pair is to be.
type PairOptions struct {
	Memory   bool     // rowkey keeps its data in memory, not on disk
	Alone    bool     // rowkey without PostgreSQL
	UseEnv   bool     // PostgreSQL is the one that EnvURL names, if it does
	Settings []string // of a PostgreSQL that is started, name=value
}

// StartPair builds and starts rowkey and, beside it, PostgreSQL 15. Where that
// is not installed, it says so and there is one side. stop ends what was started.
func StartPair(o PairOptions) (sides []Side, stop func(), err error) {
	dir, err := os.MkdirTemp("", "rowkey-pair")
	if err != nil {
		return nil, nil, err
	}
	var servers []*Server
	end := func() {
		for _, s := range servers {
			s.Stop()
		}
		os.RemoveAll(dir)
	}
	defer func() {
		if err != nil {
			end()
		}
	}()
	bin, err := BuildRowkey(dir)
	if err != nil {
		return nil, nil, err
	}
	data := dir + "/data"
	if o.Memory {
		data = ""
	}
	rk, err := StartRowkey(bin, data)
	if err != nil {
		return nil, nil, err
	}
	servers, sides = append(servers, rk), append(sides, Side{"rowkey", rk.URL, rk.PID})
	if o.Alone {
		return sides, end, nil
	}
	if url := os.Getenv(EnvURL); o.UseEnv && url != "" {
		return append(sides, Side{"PostgreSQL", url, 0}), end, nil
	}
	pg, err := StartPostgres(o.Settings...)
	if errors.Is(err, ErrNotInstalled) {
		fmt.Println("PostgreSQL 15 is not installed: measuring rowkey alone.")
		return sides, end, nil
	}
	if err != nil {
		return nil, nil, err
	}
	servers = append(servers, pg)
	return append(sides, Side{"PostgreSQL", pg.URL, pg.PID}), end, nil
}
