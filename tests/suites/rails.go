package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rails is the suite of Active Record 6.1.
var rails = &suite{
	source: "rails", probe: "Gemfile", dir: "activerecord",
	command: []string{"ruby", "-W0", "compared.rb"},
	prepare: func(dir, port string) error {
		if err := os.WriteFile(dir+"/test/config.yml", []byte(fmt.Sprintf(railsConfig, port, port)), 0o644); err != nil {
			return err
		}
		return os.WriteFile(dir+"/compared.rb", []byte(railsRunner), 0o644)
	},
	args: func(dir, port string, names []string) ([]string, error) {
		if len(names) > 0 {
			return names, nil
		}
		var files []string
		err := filepath.WalkDir(dir+"/test/cases", func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, "_test.rb") && !railsLeftOut.MatchString(path) {
				files = append(files, path)
			}
			return err
		})
		slices.Sort(files)
		return files, err
	},
	failed: func(out string) (map[string]bool, int) {
		failed := map[string]bool{}
		for _, m := range regexp.MustCompile(`(?m)^ *\d+\) (?:Failure|Error):\n(\S+)`).FindAllStringSubmatch(out, -1) {
			failed[strings.TrimSuffix(m[1], ":")] = true
		}
		n := 0
		if m := regexp.MustCompile(`(?m)^(\d+) runs,`).FindStringSubmatch(out); m != nil {
			n, _ = strconv.Atoi(m[1])
		}
		return failed, n
	},
}

// railsLeftOut are files that test other databases, types of extensions, or need programs of their own.
var railsLeftOut = regexp.MustCompile(`mysql|sqlite|/tasks/|railtie|hstore_test|citext_test|ltree_test|xml_test`)

const railsConfig = `default_connection: postgresql
connections:
  postgresql:
    arunit:
      database: suite_a
      host: 127.0.0.1
      port: %s
      username: postgres
      min_messages: warning
    arunit2:
      database: suite_b
      host: 127.0.0.1
      port: %s
      username: postgres
      min_messages: warning
`

// railsRunner runs files; extensions are not asked for, on either server.
const railsRunner = `$: << File.expand_path("test") << File.expand_path("lib")
%w(activesupport activemodel activejob).each { |d| $: << File.expand_path("../#{d}/lib") }
require "active_record"
require "active_record/connection_adapters/postgresql_adapter"
ActiveRecord::ConnectionAdapters::PostgreSQLAdapter.class_eval { def supports_extensions?; false; end }
require "cases/helper"
ARGV.each do |f|
  require File.expand_path(f)
rescue LoadError => e
  warn "left out #{f}: #{e.message}"
end
`
