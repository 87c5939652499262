package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// sources is where apt-get finds the source package, whatever the machine's
// own list says.
const sources = "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main\n"

// Source gives a folder of PostgreSQL 15's sources, such as "src/test/regress",
// which it gets from Debian's source package the first time.
func Source(folder string) (string, error) {
	dir, err := debianSource("postgresql-15", folder)
	if err != nil {
		return "", fmt.Errorf("%w\n(-dir may name PostgreSQL's %s instead)", err, folder)
	}
	return filepath.Join(dir, filepath.FromSlash(folder)), nil
}

// DebianSource gives the folder of all sources of a package, which it gets from
// Debian the first time. probe is a file that must be there.
func DebianSource(name, probe string) (string, error) { return debianSource(name, probe) }

// debianSource unpacks one folder or file of a source package; a file: all of it.
func debianSource(name, folder string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "rowkey", name)
	dir := filepath.Join(home, filepath.FromSlash(folder))
	if _, err := os.Stat(dir); err == nil {
		return home, nil
	}
	fmt.Fprintf(os.Stderr, "fetching the source package %s (once)\n", name)
	tmp, err := os.MkdirTemp("", "rowkey-apt")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(tmp, d), 0o755); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(tmp, "sources.list"), []byte(sources), 0o644); err != nil {
		return "", err
	}
	apt := []string{"-q", "-o", "Dir::Etc::SourceList=" + tmp + "/sources.list", "-o", "Dir::Etc::SourceParts=-",
		"-o", "Dir::State::Lists=" + tmp + "/lists", "-o", "Dir::Cache=" + tmp + "/cache", "-o", "APT::Sandbox::User="}
	for _, args := range [][]string{{"update"}, {"source", "--download-only", name}} {
		c := exec.Command("apt-get", append(apt[:len(apt):len(apt)], args...)...)
		c.Dir = tmp
		if out, err := c.CombinedOutput(); err != nil {
			return "", fmt.Errorf("apt-get %s: %w\n%s", args[0], err, out)
		}
	}
	archives, err := filepath.Glob(filepath.Join(tmp, name+"_*.orig.tar.*"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("the source package holds %d archives, not one", len(archives))
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return "", err
	}
	args := []string{"xf", archives[0], "-C", home, "--strip-components=1"}
	if filepath.Dir(folder) != "." {
		args = append(args, "--wildcards", "*/"+folder)
	}
	if out, err := exec.Command("tar", args...).CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("unpacking: %w\n%s", err, out)
	}
	return home, nil
}
