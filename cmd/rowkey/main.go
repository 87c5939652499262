// Command rowkey serves and inspects rowkey databases.
//
//	rowkey serve     PostgreSQL clients connect to it
//	rowkey sql       an interactive SQL shell, on a directory or in memory
//	rowkey kv        a directory's raw keys and values
//	rowkey check     verifies a directory, or what a server stores
//	rowkey backup    backs up a running server, only what is new
//	rowkey restore   makes a directory of a backup
//	rowkey dump      writes a database as SQL that psql loads
//	rowkey demo      a tour in one run: tables, a join, its plan and keys, SET and GET
//	rowkey version
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{
		Use:           "rowkey",
		Short:         "A relational SQL database whose tables are ordered keys",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(serveCommand(), sqlCommand(), kvCommand(), checkCommand(), backupCommand(), restoreCommand(), dumpCommand(), demoCommand(), versionCommand())
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "rowkey:", err)
		os.Exit(1)
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			fmt.Fprintln(cmd.OutOrStdout(), "rowkey", version())
			return nil
		},
	}
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") && len(s.Value) >= 12 {
			v = s.Value[:12]
		}
	}
	return v
}
