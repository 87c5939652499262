package keyspace

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
)

// Command is one command of the table.
type Command struct {
	Name string // lower case
	// Arity is the number of arguments with the name; negative: at least so many.
	Arity int
	Flags Flags
	// FirstKey, LastKey and Step say which arguments are keys, as COMMAND tells
	// clients: LastKey counts from the end when negative. Zeros: none.
	FirstKey, LastKey, Step int
	// Keys gives the keys where FirstKey … Step cannot say it (numkeys, STORE),
	// appended to dst. It is asked before Run and must bear any arguments.
	Keys func(dst [][]byte, args [][]byte) [][]byte
	// Run runs the command. An Error means that nothing was written; errors of
	// another type end the transaction, which may be tried again, so that Run must
	// keep no state of its own.
	Run func(c *Call) error

	ahead  func(a *ahead, args [][]byte) // see aheadOf
	single bool                          // see Call.hold
}

// Flags are properties of a command, as COMMAND names them.
type Flags uint32

// The flags.
const (
	Write       Flags = 1 << iota // may change the key space: its keys are locked before it runs
	ReadOnly                      // reads keys
	Fast                          // constant or logarithmic time
	DenyOOM                       // may grow memory
	Admin                         // of the server
	Blocking                      // may wait
	MovableKeys                   // has Keys
	WholeSpace                    // reads or writes keys that it does not name
)

var flagNames = []string{"write", "readonly", "fast", "denyoom", "admin", "blocking", "movablekeys"}

// Names lists the flags in COMMAND's words.
func (f Flags) Names() []string {
	var out []string
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// AppendKeys appends the keys among args, which need not be valid.
func (cmd *Command) AppendKeys(dst [][]byte, args [][]byte) [][]byte {
	if cmd.Keys != nil {
		return cmd.Keys(dst, args)
	}
	if cmd.FirstKey == 0 {
		return dst
	}
	last := cmd.LastKey
	if last < 0 {
		last += len(args)
	}
	for i := cmd.FirstKey; i <= last && i < len(args); i += cmd.Step {
		dst = append(dst, args[i])
	}
	return dst
}

// CheckArity tells whether so many arguments, the name included, are right.
func (cmd *Command) CheckArity(n int) bool {
	return n == cmd.Arity || cmd.Arity < 0 && n >= -cmd.Arity
}

// commands is the table of all commands on keys, by name. The files of each
// family register theirs.
var commands = map[string]*Command{}

// register adds commands to the table.
func register(cmds ...Command) {
	for i := range cmds {
		cmd := &cmds[i]
		if commands[cmd.Name] != nil {
			panic(fmt.Sprintf("command %s is there twice", cmd.Name))
		}
		if cmd.Keys != nil {
			cmd.Flags |= MovableKeys
		}
		cmd.ahead, cmd.single = aheadOf[cmd.Name], singles[cmd.Name]
		commands[cmd.Name] = cmd
	}
}

// Find gives the command of a name in any case, nil if there is none.
func Find(name []byte) *Command {
	var low [32]byte
	if len(name) > len(low) {
		return nil
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	return commands[string(low[:len(name)])]
}

// Commands lists the table by name.
func Commands() []*Command {
	out := make([]*Command, 0, len(commands))
	for _, cmd := range commands {
		out = append(out, cmd)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// UnknownCommand is the error of a name that is not in any table.
func UnknownCommand(args [][]byte) Error {
	var b strings.Builder
	fmt.Fprintf(&b, "ERR unknown command '%.128s', with args beginning with: ", args[0])
	for room := 128; room > 0 && len(args) > 1; args = args[1:] {
		a, _, _ := bytes.Cut(args[1][:min(len(args[1]), room)], []byte{0}) // as C prints it
		fmt.Fprintf(&b, "'%s' ", a)
		room -= len(a) + 3
	}
	return Error(b.String())
}

// Is tells whether an argument is a word, in any case; word is upper case.
func Is(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i, c := range arg {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
