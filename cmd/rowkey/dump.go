package main

import (
	"context"
	"io"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowkey"
	"rowkey/dump"
)

func dumpCommand() *cobra.Command {
	var opts dump.Options
	var file, database string
	cmd := &cobra.Command{
		Use:   "dump SOURCE",
		Short: "Write a database as plain SQL, which psql loads into PostgreSQL or rowkey",
		Long: `Write a database as plain SQL, which psql loads into PostgreSQL or rowkey.

SOURCE is the address of a running server, such as postgres://postgres@127.0.0.1:5432/rowkey
(a PostgreSQL server may be dumped, too), or a data directory that no server has open.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			out := cmd.OutOrStdout()
			if file != "" {
				f, err := os.Create(file)
				if err != nil {
					return err
				}
				defer func() {
					if end := f.Close(); err == nil {
						err = end
					}
				}()
				out = f
			}
			return dumpTo(cmd.Context(), args[0], database, out, opts)
		},
	}
	cmd.Flags().BoolVar(&opts.SchemaOnly, "schema-only", false, "definitions, no rows")
	cmd.Flags().BoolVar(&opts.DataOnly, "data-only", false, "rows, no definitions")
	cmd.Flags().BoolVar(&opts.NoOwner, "no-owner", false, "all belongs to who loads it")
	cmd.Flags().BoolVar(&opts.NoPrivileges, "no-privileges", false, "no GRANT and REVOKE")
	cmd.Flags().StringVarP(&database, "database", "d", "", "the database of a data directory; without it, the main one")
	cmd.Flags().StringVarP(&file, "file", "f", "", "write to this file")
	return cmd
}

func dumpTo(ctx context.Context, source, database string, out io.Writer, opts dump.Options) error {
	cfg, err := pgx.ParseConfig(source)
	if !isURL(source) {
		var db *rowkey.DB
		if db, err = rowkey.Open(source); err != nil {
			return err
		}
		defer db.Close()
		cfg = db.PgxConfig()
		if database != "" {
			cfg.Database = database
		}
	}
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	return dump.Dump(ctx, conn, out, opts)
}
