// Package planner turns a statement's syntax tree into a physical plan:
//
//	ast ──bind──▶ algebra ──rules──▶ algebra ──cost──▶ plan.Plan
//
//	bind_*.go     names, types, conversions, PostgreSQL's errors   (scope.go, resolve.go, coerce.go)
//	logical.go    the relational algebra, columns by unique id     (algebra.go prints it)
//	rules*.go     one ordered list of named rewritings             (ruleList)
//	access.go     ways to read a table: index ranges, point reads  (cost.go, selectivity.go)
//	joinorder.go  order of joins; joinmethods.go: their methods
//	physical.go   algebra to operators; slots.go: columns to positions
//	explain.go    plans as text, in PostgreSQL's form
//
// Reading order: Plan below, then bind_select.go, rules.go, physical.go.
//
// A plan depends on the statement, the catalog snapshot, parameter types and
// settings, never on parameter values, so it can be cached.
//
// Inside the package errors travel by panic(bailout{err}), recovered at each
// entry point: the binder is deeply recursive, and every second line of it
// would otherwise be an error check.
package planner

import (
	"context"
	"sync"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

var background = context.Background()

// Request is what there is to plan.
type Request struct {
	Catalog *catalog.Snapshot
	Stmt    ast.Stmt
	// ParamTypes are the declared types of $1 …; nil entries are to be inferred.
	ParamTypes []*types.Type
	// SearchPath is the effective search path. pg_catalog is searched first unless named in it.
	SearchPath  []string
	Env         *types.Env
	CurrentUser string
	// Role is the current role, whose use of schemas is checked; 0: nobody's.
	Role catalog.OID
	// EstimateRows guesses the number of rows of a table without statistics; may be nil.
	EstimateRows func(*catalog.Table) float64
	Settings     Settings
	// Session lets immutable functions that users made be called while planning; may be nil.
	Session builtin.Session
	// NoParams refuses $1 ….
	NoParams bool
	// Names, if not nil, is told what the names of the query mean (Analyze).
	Names *Names
	// Vars, if not nil, knows names that stand for parameters: a function's variables.
	Vars Variables
	// Relations are tables that exist for this statement only, by name.
	Relations map[string]*catalog.Table
	// Maintains is the materialized view whose rows the statement may change: REFRESH.
	Maintains catalog.OID
	// Results, when not nil, are types that the statement's columns are converted to,
	// as for an assignment; Mismatch makes the error for one that cannot be.
	Results  []*types.Type
	Mismatch func(i int, have *types.Type) error
	// ResultMods are the type modifiers of Results, nil for none. Lenient converts by
	// way of text what no cast does.
	ResultMods []int32
	Lenient    bool
	// Part, if not nil, makes the one column the value of a variable of which a part
	// is assigned to.
	Part *PartAssignment
	// Trace asks for Plan.Algebra, the printed algebra before and after the rules.
	Trace bool
}

// Settings are the planner's switches; the zero value has everything enabled.
type Settings struct {
	NoSeqScan, NoIndexScan, NoIndexOnlyScan           bool
	NoHashJoin, NoMergeJoin, NoNestLoop, NoLookupJoin bool
	NoSort, NoHashAgg, NoMaterial, NoIncrementalSort  bool
	NoBitmapScan                                      bool
	// NoViews refuses to read views that users made (restrict_nonsystem_relation_kind).
	NoViews bool
	// DisabledRules names rules that must not fire (tests).
	DisabledRules []string
}

// planner is the state of planning one statement.
type planner struct {
	req            *Request
	snap           *catalog.Snapshot
	path           []string
	pathHasCatalog bool
	env            *types.Env
	ctx            *builtin.Ctx

	params   []*types.Type
	paramPos map[int]int
	noParams bool

	cols  []colInfo
	ctes  []*cteDef
	works int
	// wholeRows are the rows behind those that an outer join may make NULL.
	wholeRows map[plan.Expr]*plan.RowExpr
	marked    []*lProject // the projections that nullMark added
	tables    []plan.TableUse
	changes   []*dmlRel // what the statement and those in its WITH change
	views     []*catalog.Table
	routines  []catalog.OID // functions made by users that are called
	keys      []catalog.OID // constraints of primary keys that GROUP BY relies on
	sequenced []*plan.Call  // of nextval and kin
	byRow     bool          // see plan.Plan
	cut       bool          // not all rows may be asked for: LIMIT, EXISTS, a cursor
	// viewDefaults are what DEFAULT means for columns of the view that is being changed.
	viewDefaults map[*catalog.Column]plan.Expr
	calls        bool // of built-in functions that may write
	// What privileges are needed for: relations, in whose name (0: the caller's) the
	// one being bound is read, and built-in functions.
	accesses   []*access
	asRole     catalog.OID
	restricted []catalog.OID
	called     *ast.FuncCall // of the CALL that is bound

	lateralAt     map[*query]bool
	hiddenItems   map[*query][]*rangeItem
	aggFrames     []*aggFrame
	lastWindowPos int
	subPos        int
	depth         int
	viewDepth     int
	named         []catalog.OID // users' types that casts name
	fromFunc      bool
	writes        bool
	refused       error        // see plan.Plan
	unwritable    *pgerr.Error // a view that is written to cannot be
	pushed        *pushedLock  // for the query that is bound next
	hasLocks      bool
	opened        []catalog.OID // see plan.Plan
	// fault is plan.Plan's; faulty tells that a constant could not be computed, which
	// may become it, and whole is the statement to look for that in (faults.go).
	fault     error
	faulty    bool
	judging   bool
	whole     rel
	uncalled  bool // see plan.Plan
	relations int  // items of FROM there are
	printed   bool // what is bound will be printed: as it was written
	// See collation.go: whether other collations than the default were met, and those of
	// expressions that do not show them.
	collates   bool
	collations map[plan.Expr]collation

	// what the statement has at all: rules that need it are not even tried
	hasSubqueries, hasDerived, hasJoins, hasLateral, hasDistinct, hasUnion bool

	subqueryNo int // subqueries of the statement so far

	out      []colID               // the statement's columns
	root     rel                   // the statement, as the rule that is applied found it
	ranged   map[colID][]plan.Expr // ranges that equalities carried over to columns
	fired    []string
	changed  bool
	nullable colSet // columns that outer joins may make NULL
	plannerPhysical
}

// defaultEnv is used when the request has none.
var defaultEnv = &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}

func newPlanner(req *Request) *planner {
	p := &planner{req: req, snap: req.Catalog, path: req.SearchPath, env: req.Env, noParams: req.NoParams}
	if p.env == nil {
		p.env = defaultEnv
	}
	for _, s := range p.path {
		p.pathHasCatalog = p.pathHasCatalog || s == "pg_catalog"
	}
	if len(req.ParamTypes) > 0 {
		p.params = append([]*types.Type(nil), req.ParamTypes...)
	}
	p.cols = make([]colInfo, 0, 32)
	p.printed = req.Names != nil && req.Names.shapes != nil
	return p
}

// Plan plans SELECT, INSERT, UPDATE, DELETE and MERGE (also inside CREATE
// TABLE AS and DECLARE CURSOR, whose callers pass the query).
func Plan(req Request) (pl *plan.Plan, err error) {
	defer caught(&err)
	p := newPlanner(&req)
	bd, tag := p.bindStmt(req.Stmt)
	if req.Results != nil && len(bd.cols) == len(req.Results) {
		p.convertColumns(bd, req.Results, req.ResultMods, req.Mismatch)
	}
	if req.Part != nil && len(bd.cols) == 1 {
		p.assignPart(bd, req.Part)
	}
	p.checkBound()
	return p.finishPlan(bd, tag), nil
}

// bindStmt binds a whole statement.
func (p *planner) bindStmt(s ast.Stmt) (*bound, string) {
	switch s := s.(type) {
	case *ast.SelectStmt:
		bd := p.bindQuery(s, nil, p.req.Results == nil && p.req.Part == nil)
		return bd, "SELECT"
	case *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.MergeStmt:
		d := p.bindDML(s, nil)
		bd := &bound{rel: d}
		for i, id := range d.retIDs {
			bd.cols = append(bd.cols, outCol{d.retNames[i], id})
		}
		return bd, [...]string{"INSERT", "UPDATE", "DELETE", "MERGE"}[d.kind]
	}
	bail(pgerr.Unsupported("statement %T cannot be planned", s))
	return nil, ""
}

// checkBound refuses what is known to be wrong when a whole statement has been bound.
func (p *planner) checkBound() {
	p.checkParams()
	if p.unwritable != nil {
		bail(p.unwritable)
	}
}

// checkParams demands that every parameter has a type by now.
func (p *planner) checkParams() {
	for i, t := range p.params {
		if t == nil || t == types.Unknown {
			pos, used := p.paramPos[i+1]
			if !used {
				if i < len(p.req.ParamTypes) && p.req.ParamTypes[i] != nil {
					continue
				}
				pos = -1
			}
			fail(pos, pgerr.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
}

// columnsOf describes a bound query's visible columns.
func (p *planner) columnsOf(cols []outCol) []plan.Column {
	out := make([]plan.Column, len(cols))
	for i, c := range cols {
		ci := &p.cols[c.id]
		out[i] = plan.Column{Name: c.name, Type: ci.typ, Typmod: ci.mod, Collation: ci.collation}
		if ci.attnum > 0 || ci.attnum == plan.AttTableOID {
			out[i].TableOID, out[i].Attnum = ci.tableOID, ci.attnum
		}
	}
	return out
}

// Analysis is what the session and DDL want to know of a query without
// planning it: its columns, its parameters, what it depends on.
type Analysis struct {
	Columns []plan.Column // nil for a statement that returns no rows
	Params  []*types.Type
	// DependsOn are the relations (tables and views named directly), types and
	// functions made by users, and primary keys without which GROUP BY would lack columns.
	DependsOn []catalog.OID
}

// Analyze binds a query: for CREATE VIEW, CREATE TABLE AS and Describe.
func Analyze(req Request) (a *Analysis, err error) {
	defer caught(&err)
	p := newPlanner(&req)
	bd, _ := p.bindStmt(req.Stmt)
	p.checkBound()
	a = &Analysis{Params: p.params}
	if len(bd.cols) > 0 || !p.writes {
		a.Columns = p.columnsOf(bd.cols)
	}
	for _, t := range p.tables {
		a.DependsOn = append(a.DependsOn, t.Table.OID)
	}
	for _, v := range p.views {
		a.DependsOn = append(a.DependsOn, v.OID)
	}
	a.DependsOn = append(append(a.DependsOn, p.routines...), p.keys...)
	seen := map[catalog.OID]bool{}
	for _, oid := range p.named {
		if !seen[oid] {
			seen[oid] = true
			a.DependsOn = append(a.DependsOn, oid)
		}
	}
	for i := range p.cols {
		if p.cols[i].tableOID != 0 {
			continue // the type is the column's need
		}
		if t := p.cols[i].typ; t != nil && t.OID >= catalog.FirstUserOID && !seen[t.OID] {
			seen[t.OID] = true
			a.DependsOn = append(a.DependsOn, t.OID)
		}
	}
	return a, nil
}

// OutputColumns gives the columns of a query.
func OutputColumns(req Request) ([]plan.Column, error) {
	a, err := Analyze(req)
	if err != nil {
		return nil, err
	}
	return a.Columns, nil
}

// Parsed SQL text of views, defaults and checks. Syntax trees are read-only,
// so that one can serve every session.
var parsed struct {
	sync.Mutex
	queries map[string]*ast.SelectStmt
	exprs   map[string]ast.Expr
}

const maxParsed = 4096

func (p *planner) parseQuery(text string) *ast.SelectStmt {
	parsed.Lock()
	s := parsed.queries[text]
	parsed.Unlock()
	if s != nil {
		return s
	}
	list, err := parser.Parse(text)
	if err != nil {
		bail(err)
	}
	if len(list) == 1 {
		s, _ = list[0].Stmt.(*ast.SelectStmt)
	}
	if s == nil {
		bail(pgerr.Newf(pgerr.InternalError, "stored view is not a query: %s", text))
	}
	parsed.Lock()
	if parsed.queries == nil || len(parsed.queries) > maxParsed {
		parsed.queries = map[string]*ast.SelectStmt{}
	}
	parsed.queries[text] = s
	parsed.Unlock()
	return s
}

func parseExpr(text string) ast.Expr {
	parsed.Lock()
	e := parsed.exprs[text]
	parsed.Unlock()
	if e != nil {
		return e
	}
	e, err := parser.ParseExpr(text)
	if err != nil {
		bail(err)
	}
	parsed.Lock()
	if parsed.exprs == nil || len(parsed.exprs) > maxParsed {
		parsed.exprs = map[string]ast.Expr{}
	}
	parsed.exprs[text] = e
	parsed.Unlock()
	return e
}
