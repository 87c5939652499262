package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"rowkey/kv"
	"rowkey/kv/disk"
	"rowkey/kv/keyenc"
)

// kvCommand looks at a data directory's raw keys and values while no server has it open.
func kvCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kv",
		Short: "Look at the raw keys and values of a data directory",
		Long: `Look at the raw keys and values of a data directory that no server has open.
Keys are printed as paths; /Table/7/1/42 is the row with key 42 of table 7.`,
	}
	var data string
	var limit int
	var asHex bool
	cmd.PersistentFlags().StringVar(&data, "data", "", "data directory")
	cmd.MarkPersistentFlagRequired("data")
	scan := &cobra.Command{
		Use:   "scan [PREFIX]",
		Short: "Print the keys whose path begins with PREFIX, and their values",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			prefix := ""
			if len(args) > 0 {
				prefix = args[0]
			}
			return withStore(data, func(s kv.Store) error { return kvScan(cmd.OutOrStdout(), s, prefix, limit, asHex) })
		},
	}
	scan.Flags().IntVar(&limit, "limit", 0, "stop after this many pairs; 0: do not")
	scan.Flags().BoolVar(&asHex, "hex", false, "print keys in hex, too, and values only in hex")
	get := &cobra.Command{
		Use:   "get PATH|HEX",
		Short: "Print the value of one key, given as a path or in hex",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(data, func(s kv.Store) error { return kvGet(cmd.OutOrStdout(), s, args[0]) })
		},
	}
	cmd.AddCommand(scan, get)
	return cmd
}

func withStore(dir string, f func(kv.Store) error) error {
	s, err := disk.Open(dir, disk.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	return f(s)
}

// eachPair visits all pairs in key order until visit returns false.
func eachPair(s kv.Store, visit func(key, value []byte) bool) error {
	snap := s.Snapshot()
	defer snap.Close()
	it := snap.Scan(kv.Range{}, kv.ScanOptions{})
	defer it.Close()
	var b kv.PairBatch
	for {
		n, err := it.Next(&b)
		if err != nil || n == 0 {
			return err
		}
		for i := range b.Keys {
			if !visit(b.Keys[i], b.Values[i]) {
				return nil
			}
		}
	}
}

func kvScan(out io.Writer, s kv.Store, prefix string, limit int, asHex bool) error {
	n := 0
	return eachPair(s, func(key, value []byte) bool {
		path := keyenc.Pretty(key)
		if !strings.HasPrefix(path, prefix) {
			return true
		}
		if asHex {
			fmt.Fprintf(out, "%s\n  %x\n  %x\n", path, key, value)
		} else {
			fmt.Fprintf(out, "%s\t%s\n", path, printable(value))
		}
		n++
		return limit == 0 || n < limit
	})
}

func kvGet(out io.Writer, s kv.Store, what string) error {
	if key, err := hex.DecodeString(strings.TrimPrefix(what, `\x`)); err == nil {
		snap := s.Snapshot()
		defer snap.Close()
		value, ok, err := snap.Get(key)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("there is no key %s", what)
		}
		fmt.Fprintln(out, printable(value))
		return nil
	}
	found := false
	err := eachPair(s, func(key, value []byte) bool {
		if keyenc.Pretty(key) == what {
			fmt.Fprintln(out, printable(value))
			found = true
		}
		return !found
	})
	if err == nil && !found {
		err = fmt.Errorf("there is no key %s", what)
	}
	return err
}

// printable gives text as it is and everything else in hex.
func printable(v []byte) string {
	if utf8.Valid(v) {
		ok := true
		for _, r := range string(v) {
			ok = ok && (r >= ' ' || r == '\n' || r == '\t')
		}
		if ok {
			return string(v)
		}
	}
	return `\x` + hex.EncodeToString(v)
}
