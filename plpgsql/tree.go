package plpgsql

import "rowkey/types"

// Function is a compiled function.
type Function struct {
	Name   string // as contexts name it: f(integer)
	Source string
	Vars   []*Var
	Args   []int // variables of the input parameters
	Outs   []int // variables of the output parameters
	Body   *Block
	Result *types.Type // nil: a procedure or code block without results
	Fields []types.Field
	SetOf  bool
	// Procedure tells that RETURN takes no value.
	Procedure bool

	found    int
	New, Old int // of trigger functions, else -1
	trigger  map[string]int
}

// Var is a variable.
type Var struct {
	Name    string
	Line    int
	Type    *types.Type
	Mod     int32
	Record  bool // holds rows: of any structure if Type is record
	Const   bool
	NotNull bool
	Default *Expr
	// Of bound cursors.
	Cursor     *Expr
	CursorArgs []int
	Scroll     *bool
}

// Expr is a piece of SQL. Text is what there is to parse; it stands at Offset
// in Shown, the text that errors quote, behind Prefix bytes that do not.
type Expr struct {
	Text   string
	Shown  string
	Prefix int
	Offset int
	Scope  *Scope
	// Target is the variable that an assignment's expression is for, -1 none;
	// TargetPath is what it assigns to within the variable's value, as SQL text.
	Target     int
	TargetPath string
	Kind       ExprKind
	Cache      any // the Engine's
}

// ExprKind is how contexts name an expression.
type ExprKind uint8

// The kinds.
const (
	ExprValue ExprKind = iota
	ExprAssign
	ExprQuery
)

// Scope is the names in sight at a place.
type Scope struct {
	up    *Scope
	label string
	names map[string]int
	fn    *Function
}

// Find tells which variable a dotted name means, and how many parts of the
// name that takes.
func (s *Scope) Find(name []string) (v, used int, ok bool) {
	for sc := s; sc != nil; sc = sc.up {
		if v, ok := sc.names[name[0]]; ok {
			return v, 1, true
		}
		if len(name) > 1 && sc.label != "" && sc.label == name[0] {
			if v, ok := sc.names[name[1]]; ok {
				return v, 2, true
			}
		}
	}
	return 0, 0, false
}

// Var gives a variable of the function.
func (s *Scope) Var(i int) *Var { return s.fn.Vars[i] }

// stmt is a statement.
type stmt interface {
	where() (line int, what string)
}

type at struct {
	line int
	what string
}

func (a at) where() (int, string) { return a.line, a.what }

// Block is BEGIN … END.
type Block struct {
	at
	label    string
	vars     []int // declared here, in order
	body     []stmt
	handlers []*handler
	state    int // SQLSTATE and SQLERRM in handlers
	message  int
}

type handler struct {
	conditions []string // SQLSTATEs; "" is OTHERS
	body       []stmt
}

// target is what SELECT INTO and its kin assign to: one record, or a list.
type target struct {
	record int // -1: the list
	list   []place
}

// place is something to assign to: a variable, or a field of a record.
type place struct {
	v     int
	field string
}

type (
	stmtAssign struct {
		at
		to   place
		expr *Expr
		path bool // the expression gives the variable's whole new value
	}
	stmtIf struct {
		at
		conds []*Expr
		thens [][]stmt
		els   []stmt
	}
	stmtCase struct {
		at
		arg   *Expr
		v     int // holds the argument
		conds []*Expr
		thens [][]stmt
		els   []stmt
		has   bool // ELSE is there
	}
	stmtLoop struct {
		at
		label string
		body  []stmt
	}
	stmtWhile struct {
		at
		label string
		cond  *Expr
		body  []stmt
	}
	stmtFor struct { // over integers
		at
		label              string
		v                  int
		lower, upper, step *Expr
		reverse            bool
		body               []stmt
	}
	stmtForQuery struct {
		at
		label string
		to    target
		query *Expr
		dyn   *Expr // EXECUTE
		using []*Expr
		// cursor loops
		cursor int
		args   []*Expr
		body   []stmt
	}
	stmtForeach struct {
		at
		label string
		to    target
		slice int
		expr  *Expr
		body  []stmt
	}
	stmtExit struct {
		at
		label string
		exit  bool
		when  *Expr
	}
	stmtReturn struct {
		at
		expr *Expr
		v    int // RETURN variable, -1
	}
	stmtReturnNext struct {
		at
		expr *Expr
		v    int
	}
	stmtReturnQuery struct {
		at
		query *Expr
		dyn   *Expr
		using []*Expr
	}
	stmtRaise struct {
		at
		level     string
		condition string // a name
		code      string
		format    string
		hasFormat bool
		args      []*Expr
		options   []raiseOption
		bare      bool // RAISE alone
	}
	stmtAssert struct {
		at
		cond, message *Expr
	}
	stmtSQL struct {
		at
		query  *Expr
		into   *target
		strict bool
	}
	stmtPerform struct {
		at
		query *Expr
	}
	stmtExecute struct {
		at
		text   *Expr
		into   *target
		strict bool
		using  []*Expr
	}
	stmtDiagnostics struct {
		at
		stacked bool
		items   []diagnostic
	}
	stmtOpen struct {
		at
		v      int
		query  *Expr
		dyn    *Expr
		using  []*Expr
		args   []*Expr
		scroll *bool
	}
	stmtFetch struct {
		at
		v         int
		direction string
		count     *Expr // of ABSOLUTE, RELATIVE, FORWARD n …
		move      bool
		to        *target
	}
	stmtClose struct {
		at
		v int
	}
	stmtNull   struct{ at }
	stmtCommit struct {
		at
		rollback, chain bool
	}
	stmtCall struct {
		at
		query *Expr
	}
)

type raiseOption struct {
	name string
	expr *Expr
}

type diagnostic struct {
	item string
	to   place
}
