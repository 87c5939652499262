package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// django is the suite of Django 3.2.
var django = &suite{
	source: "python-django", probe: "setup.py", dir: "tests",
	command: []string{"/usr/bin/python3", "-W", "ignore", "runtests.py", "--parallel=1", "--noinput"},
	env:     []string{"PYTHONPATH=.."},
	prepare: func(dir, port string) error {
		if err := os.WriteFile(dir+"/db_functions/migrations/0001_setup_extensions.py", []byte(djangoNoExtensions), 0o644); err != nil {
			return err
		}
		return os.WriteFile(dir+"/test_compared.py", []byte(fmt.Sprintf(djangoSettings, port)), 0o644)
	},
	args: func(dir, port string, names []string) ([]string, error) {
		args := []string{"--settings=test_compared"}
		if len(names) > 0 {
			return append(args, names...), nil
		}
		apps, err := filepath.Glob(dir + "/*/tests.py")
		if err != nil {
			return nil, err
		}
		more, err := filepath.Glob(dir + "/*/test_*.py")
		if err != nil {
			return nil, err
		}
		var labels []string
		for _, path := range append(apps, more...) {
			app := filepath.Base(filepath.Dir(path))
			if !slices.Contains(labels, app) && !slices.Contains(djangoLeftOut, app) {
				labels = append(labels, app)
			}
		}
		slices.Sort(labels)
		return append(args, labels...), nil
	},
	failed: func(out string) (map[string]bool, int) {
		failed := map[string]bool{}
		for _, m := range regexp.MustCompile(`(?m)^(?:ERROR|FAIL): (.*)$`).FindAllStringSubmatch(out, -1) {
			failed[m[1]] = true
		}
		n := 0
		if m := regexp.MustCompile(`(?m)^Ran (\d+) tests`).FindStringSubmatch(out); m != nil {
			n, _ = strconv.Atoi(m[1])
		}
		return failed, n
	},
}

// djangoLeftOut are applications whose tables need what rowkey does not have, ICU's collations and
// extensions, or that are no tests of databases; the tables of all that are named are made first.
var djangoLeftOut = []string{"inspectdb", "gis_tests", "postgres_tests", "import_error_package", "test_runner_apps", "project_template"}

const djangoSettings = `
def database(name):
    return {'ENGINE': 'django.db.backends.postgresql', 'NAME': name, 'USER': 'postgres', 'HOST': '127.0.0.1',
            'PORT': '%s', 'TEST': {'NAME': name + '_test'}}

DATABASES = {'default': database('suite_a'), 'other': database('suite_b')}
SECRET_KEY = 'django_tests_secret_key'
PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']
DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'
USE_TZ = False
`

// djangoNoExtensions stands for the migration that creates the extension pgcrypto.
const djangoNoExtensions = `
from django.db import migrations

class Migration(migrations.Migration):
    operations = []
`
