package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowkey/backup"
	"rowkey/kv/disk"
)

func backupCommand() *cobra.Command {
	var keep int
	cmd := &cobra.Command{
		Use:   "backup SOURCE DEST",
		Short: "Back up a running server, or a data directory",
		Long: `Back up SOURCE to the directory DEST, which may hold earlier backups: only files
that none of them has are copied.

SOURCE is the address of a running server, such as postgres://postgres@127.0.0.1:5432/rowkey
(reading and writing go on meanwhile, and the backup holds what was committed when it began),
or a data directory that no server has open.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := takeBackup(cmd.Context(), args[0], args[1], keep)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "backup %s: %d files of %d bytes, of which %d of %d bytes are new\n",
				st.Name, st.Files, st.Bytes, st.NewFiles, st.NewBytes)
			if st.Removed > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "%d older backups removed\n", st.Removed)
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&keep, "keep", 0, "remove the oldest backups in DEST but for this many; 0: keep all")
	return cmd
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://")
}

func takeBackup(ctx context.Context, source, dest string, keep int) (st backup.Stats, err error) {
	if !isURL(source) {
		// Opening holds the lock, and sees that it is a store.
		s, err := disk.Open(source, disk.Options{ReadOnly: true})
		if err != nil {
			return st, err
		}
		defer s.Close()
		return backup.Take(ctx, backup.Dir{Path: source}, dest, keep)
	}
	conn, err := pgx.Connect(ctx, source)
	if err != nil {
		return st, err
	}
	defer conn.Close(context.Background())
	st, err = backup.Take(ctx, server{conn}, dest, keep)
	if err == nil {
		_, err = conn.Exec(ctx, "SELECT rowkey.backup_stop()")
	}
	return st, err
}

// server is a running server as the source of a backup.
type server struct{ conn *pgx.Conn }

// Files implements backup.Source.
func (s server) Files(ctx context.Context) ([]backup.File, error) {
	var list string
	if err := s.conn.QueryRow(ctx, "SELECT rowkey.backup_start()").Scan(&list); err != nil {
		return nil, err
	}
	var files []backup.File
	return files, json.Unmarshal([]byte(list), &files)
}

// Open implements backup.Source.
func (s server) Open(ctx context.Context, f backup.File) (io.ReadCloser, error) {
	return io.NopCloser(&remoteFile{s, ctx, f, 0, bytes.Reader{}}), nil
}

// remoteFile reads a file of a server's backup.
type remoteFile struct {
	server
	ctx  context.Context
	file backup.File
	at   int64
	part bytes.Reader
}

// backupPart is how much is asked for at once.
const backupPart = 4 << 20

// Read implements io.Reader.
func (r *remoteFile) Read(p []byte) (int, error) {
	if r.part.Len() == 0 {
		if r.at >= r.file.Size {
			return 0, io.EOF
		}
		var b []byte
		if err := r.conn.QueryRow(r.ctx, "SELECT rowkey.backup_read($1, $2, $3)", r.file.Name, r.at, int64(backupPart)).Scan(&b); err != nil {
			return 0, err
		}
		if len(b) == 0 {
			return 0, io.ErrUnexpectedEOF
		}
		r.at += int64(len(b))
		r.part.Reset(b)
	}
	return r.part.Read(p)
}

func restoreCommand() *cobra.Command {
	var at string
	var list, noCheck bool
	cmd := &cobra.Command{
		Use:   "restore BACKUPS [DIR]",
		Short: "Make a data directory of a backup, and verify it",
		Long: `Make the data directory DIR, which must not exist or be empty, of the newest backup
in BACKUPS, or of that named by --at. The directory is then verified as by "rowkey check".`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if list {
				names, err := backup.List(args[0])
				for _, n := range names {
					fmt.Fprintln(out, n)
				}
				return err
			}
			if len(args) < 2 {
				return errors.New("the directory to restore to is missing")
			}
			b, err := backup.Restore(cmd.Context(), args[0], at, args[1])
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "restored backup %s to %s\n", b.Name, args[1])
			if noCheck {
				return nil
			}
			return checkDir(cmd.Context(), args[1], newCheckPrinter(out, 1000, false))
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "the backup to restore; without it the newest")
	cmd.Flags().BoolVar(&list, "list", false, "only list the backups there are")
	cmd.Flags().BoolVar(&noCheck, "no-check", false, "do not verify what was restored")
	return cmd
}

// checkServer asks a running server to verify what it stores.
func checkServer(ctx context.Context, url string, out io.Writer) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(ctx, "SELECT * FROM rowkey.check()")
	if err != nil {
		return err
	}
	defer rows.Close()
	found := 0
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		fmt.Fprintln(out, line)
		found++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if found > 0 {
		return errDamaged
	}
	fmt.Fprintln(out, "No damage was found.")
	return nil
}
