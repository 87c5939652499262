package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/disk"
	"rowkey/kv/keyenc"
	"rowkey/types"
)

// kvCommand looks at a data directory's keys and values while no server has it open.
func kvCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kv",
		Short: "Look at the keys and values of a data directory",
		Long: `Look at the keys and values of a data directory that no server has open, and
change nothing in it. Keys are named by paths: /Table/people/people_pkey/42 is
the row with key 42 of table people; so are /Table/16400/1/42 and the key in
hexadecimal. To look while a server runs, use SQL: SELECT * FROM rowkey.keyspace().`,
	}
	var data string
	cmd.PersistentFlags().StringVar(&data, "data", "", "data directory")
	cmd.MarkPersistentFlagRequired("data")
	with := func(f func(cmd *cobra.Command, v *kvView, args []string) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) error {
			v, err := openView(cmd.Context(), data, cmd.OutOrStdout())
			if err != nil {
				return err
			}
			defer v.close()
			if v.catalogErr != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "the catalog cannot be read, so keys are shown without names: %v\n", v.catalogErr)
			}
			return f(cmd, v, args)
		}
	}
	var limit int
	var asHex, spans bool
	scan := &cobra.Command{
		Use:   "scan [PATH]",
		Short: "Print the pairs below a path",
		Args:  cobra.MaximumNArgs(1),
		RunE: with(func(cmd *cobra.Command, v *kvView, args []string) error {
			return v.scan(append(args, "/")[0], limit, asHex, spans)
		}),
	}
	scan.Flags().IntVar(&limit, "limit", 0, "stop after this many pairs; 0: do not")
	scan.Flags().BoolVar(&asHex, "hex", false, "print the bytes of keys and values, too")
	scan.Flags().BoolVar(&spans, "decode", false, "print what each byte means, too")
	get := &cobra.Command{
		Use:   "get PATH",
		Short: "Print the value of one key",
		Args:  cobra.ExactArgs(1),
		RunE: with(func(cmd *cobra.Command, v *kvView, args []string) error {
			key, value, err := v.get(args[0])
			if err == nil {
				fmt.Fprintln(v.out, v.summary(key, value))
			}
			return err
		}),
	}
	decode := &cobra.Command{
		Use:   "decode PATH [VALUE]",
		Short: "Print what each byte of a key and its value means",
		Long: `Print what each byte of a key, and of the value stored under it, means. A
VALUE in hexadecimal takes the place of the stored one.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: with(func(cmd *cobra.Command, v *kvView, args []string) error {
			var key, value []byte
			var err error
			if len(args) == 1 {
				key, value, err = v.get(args[0])
			} else if key, err = rowenc.ParsePath(v.catalog, args[0]); err == nil {
				value, err = hex.DecodeString(strings.TrimPrefix(args[1], `\x`))
			}
			if err == nil {
				v.spans(key, value)
			}
			return err
		}),
	}
	cmd.AddCommand(scan, get, decode)
	return cmd
}

// kvView is a data directory being looked at.
type kvView struct {
	out        io.Writer
	store      kv.Store
	snap       kv.Snapshot
	catalog    *catalog.Snapshot // nil if catalogErr says why it cannot be read
	catalogErr error
	name       keyenc.Namer
	anatomist  rowenc.Anatomist
}

func openView(ctx context.Context, dir string, out io.Writer) (*kvView, error) {
	store, err := disk.Open(dir, disk.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	v := &kvView{out: out, store: store, snap: store.Snapshot()}
	if cat, err := catalog.Open(ctx, store); err != nil {
		v.catalogErr = err
	} else {
		v.catalog = cat.Latest()
		v.name = v.catalog.KeyNamer([]string{"public"})
	}
	v.anatomist = rowenc.Anatomist{Catalog: v.catalog, Env: types.DefaultEnv}
	return v, nil
}

func (v *kvView) close() {
	v.snap.Close()
	v.store.Close()
}

// scan prints the pairs below a path.
func (v *kvView) scan(path string, limit int, asHex, spans bool) error {
	prefix, err := rowenc.ParsePath(v.catalog, path)
	if err != nil {
		return err
	}
	r := kv.Range{}
	if len(prefix) > 0 {
		r = kv.PrefixRange(prefix)
	}
	return kv.Each(v.snap.Scan(r, kv.ScanOptions{Limit: limit}), func(key, value []byte) error {
		fmt.Fprintf(v.out, "%s\t%s\n", keyenc.PrettyNamed(key, v.name), v.summary(key, value))
		if asHex {
			fmt.Fprintf(v.out, "  %x\n  %x\n", key, value)
		}
		if spans {
			v.spans(key, value)
		}
		return nil
	})
}

func (v *kvView) get(path string) (key, value []byte, err error) {
	if key, err = rowenc.ParsePath(v.catalog, path); err != nil {
		return nil, nil, err
	}
	value, ok, err := v.snap.Get(key)
	if err == nil && !ok {
		err = fmt.Errorf("there is no key %s", path)
	}
	return key, value, err
}

// summary prints a value on one line: a row's columns, text as it is, all else
// in hexadecimal.
func (v *kvView) summary(key, value []byte) string {
	var cols []string
	for _, s := range v.anatomist.Value(key, value) {
		if s.Column {
			cols = append(cols, s.What+"="+oneLine(s.Value))
		}
	}
	switch {
	case cols != nil:
		return strings.Join(cols, " ")
	case len(value) > 0 && utf8.Valid(value) && strings.IndexFunc(string(value), func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) < 0:
		return oneLine(string(value))
	}
	return `\x` + hex.EncodeToString(value)
}

// oneLine writes text without line ends.
func oneLine(s string) string {
	return strings.NewReplacer("\\", `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
}

// spans prints what each byte of a key and its value means.
func (v *kvView) spans(key, value []byte) {
	w := tabwriter.NewWriter(v.out, 0, 8, 2, ' ', 0)
	defer w.Flush()
	print := func(title string, b []byte, spans []rowenc.Span) {
		for _, s := range spans {
			fmt.Fprintf(w, "  %s\t%d\t%x\t%s\t%s\n", title, s.At, b[s.At:s.At+s.Len], s.What, oneLine(s.Value))
		}
	}
	print("key", key, v.anatomist.Key(key))
	print("value", value, v.anatomist.Value(key, value))
}
