package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/kv/disk"
	"rowkey/session"
)

// errDamaged ends a check that found damage; what it found is printed already.
var errDamaged = errors.New("the data is damaged")

func checkCommand() *cobra.Command {
	var limit int
	var notes bool
	cmd := &cobra.Command{
		Use:   "check DIR|URL",
		Short: "Verify a data directory, or what a running server stores",
		Long: `Verify a data directory that no server has open, and change nothing in it:

  the checksum of every block of every file
  the catalog: every descriptor decodes, and what it names exists
  every row decodes, lies at its key, and keeps its table's NOT NULL, CHECK,
  UNIQUE and FOREIGN KEY constraints and generated columns
  every index holds the entries of its table's rows, and no others
  the positions of sequences; views can still be planned

Each damage is one line that begins with the path of a key, which "rowkey kv get"
takes, or with the name of a file. The exit code is 1 if there is any.

With the address of a running server, such as postgres://postgres@127.0.0.1:5432/rowkey,
the same is done by the server, but for the files, while others go on.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if isURL(args[0]) {
				return checkServer(cmd.Context(), args[0], cmd.OutOrStdout())
			}
			return checkDir(cmd.Context(), args[0], newCheckPrinter(cmd.OutOrStdout(), limit, notes))
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 1000, "stop after this many damages; 0: never")
	cmd.Flags().BoolVar(&notes, "notes", false, "also print what is harmless, such as space to be reclaimed")
	return cmd
}

// checkPrinter prints damages as they are found.
type checkPrinter struct {
	out    io.Writer
	limit  int
	notes  bool
	found  int
	passed int // harmless
}

var errEnough = errors.New("too many damages; use --limit to see more")

func newCheckPrinter(out io.Writer, limit int, notes bool) *checkPrinter {
	return &checkPrinter{out: out, limit: limit, notes: notes}
}

func (p *checkPrinter) report(d kv.Damage) error {
	if d.Harmless {
		p.passed++
		if p.notes {
			fmt.Fprintln(p.out, "note:", d)
		}
		return nil
	}
	p.found++
	fmt.Fprintln(p.out, d)
	if p.limit > 0 && p.found >= p.limit {
		return errEnough
	}
	return nil
}

func (p *checkPrinter) end() error {
	if p.found > 0 {
		return errDamaged
	}
	fmt.Fprintln(p.out, "No damage was found.")
	return nil
}

// checkDir checks what lies in a directory: files first, since without them all else
// is guessing, then the catalog, then what it describes.
func checkDir(ctx context.Context, dir string, p *checkPrinter) error {
	opened, err := disk.Open(dir, disk.Options{ReadOnly: true})
	if err != nil {
		if errors.Is(err, kv.ErrCorrupt) {
			fmt.Fprintln(p.out, dir+":", err)
			return errDamaged
		}
		return err
	}
	defer opened.Close()
	store := opened.(*disk.Store)
	files, bytes, err := store.Verify(ctx, p.report)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%d files of %d bytes\n", files, bytes)
	snap := store.Snapshot()
	_, err = catalog.CheckCatalog(snap, p.report)
	snap.Close()
	if err != nil {
		return err
	}
	if p.found > 0 {
		return p.end()
	}
	db, err := session.Open(ctx, readOnly{store}, session.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	n, err := db.Check(ctx, p.report)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%d tables with %d rows, %d secondary indexes, %d views\n", n.Tables, n.Rows, n.Indexes, n.Views)
	return p.end()
}

// readOnly is a store whose closing is left to its owner.
type readOnly struct{ *disk.Store }

func (readOnly) Close() error { return nil }
