// Package parser turns PostgreSQL's SQL into the typed tree of parser/ast. It
// speaks PostgreSQL 15's grammar; what groups the operators is TiDB's parser,
// which this package alone imports and no type of which leaves it.
//
// Four stages, a file group each:
//
//	lex      lex.go lexquote.go keywords.go
//	         text → tokens, by PostgreSQL's lexical rules.
//	rewrite  cursor.go rewrite.go query.go querytail.go from.go dml.go
//	         copier.go expr.go atom.go funcs.go typename.go ddl*.go utility*.go
//	         tokens → the tree of every clause, by recursive descent. Whatever
//	         precedence decides – operators, joins, nested queries – is left as
//	         a gap, and emitted in the grammar of TiDB's parser.
//	group    group.go
//	         the emitted text → TiDB's tree: one call a statement.
//	lift     lift.go liftexpr.go liftquery.go
//	         TiDB's tree fills the gaps.
//
// # What is emitted
//
// Nothing that both languages spell alike but mean differently may go through
// TiDB's parser: it would be misread in silence. So no name, literal, type or
// clause of PostgreSQL does. Every operand is a number, a hole, behind which
// waits the finished node; a table is t and such a number; the words are those
// of SELECT, and the operators those that both grammars rank alike.
//
//	SELECT a.x + b.y * 2 AS s, f(b.z)     select 1, 2 + 3 * 4, (5 …)
//	FROM a JOIN b ON a.id = b.id    →     from t6 left join t7 on (8, 9 = 10)
//	WHERE a.x IS NULL OR b.y > $1         where 11 <=> 12 or 13 > 14
//
// Here 1 stands for the SelectStmt, 8 for the JoinExpr, 12 for IS NULL. An
// operand that stands alone needs no grouping and is not even emitted: in
// SELECT a FROM t, or in the rows of a bulk INSERT, nothing but the 1 is left.
//
// The carriers, n being a hole:
//
//	a construct with expressions in it      (n, e, e …)
//	f(x ORDER BY y), CASE, ARRAY[], row, …  every one a node with gaps
//	x::t, x COLLATE c                       x || n
//	x AT TIME ZONE y                        x || y
//	x op y, for an operator of no rank      x | n | y
//	op x                                    n | x
//	x [NOT] BETWEEN a AND b                 x between (n, a) and b
//	x [NOT] LIKE y ESCAPE z, ILIKE, …       x between n and y between n and z
//	x [NOT] IN (…), x LIKE ANY (…)          x between n and (n, e …)
//	x IS NULL, IS TRUE, …                   x <=> n
//	x IS [NOT] DISTINCT FROM y              x <=> n <=> y
//	x = ANY (…), x + ALL (…)                x = (n, e), x + (n, e)
//	NOT x as an operand: a = NOT b = c      a = (not b = c)
//	every kind of join                      x left join y on (n, condition)
//	( query ) among set operations          select n, (query)
//	f(…) in FROM                            (select 0, e …) tn
//	WITH a AS (…)                           with tn as (…)
//	WINDOW and HAVING                       having (0, e, e …)
//	LIMIT, OFFSET                           more items of ORDER BY
//	INSERT, UPDATE, DELETE, MERGE           the SELECT they contain, RETURNING
//	                                        behind ORDER BY
//	expressions of any other statement      select 0, e, e …
//
// A postfix operator (IS NULL, IN, = ANY) may be followed by a tighter one:
// a IS NULL || b. Emitted, its hole then is the first leaf of the right
// operand, 1 <=> (2 | 3 | 4), and there it takes what stands to its left.
//
// # Invariants
//
// The lift meets holes, operators, gaps and queries in the order in which they
// were emitted, and checks each. Should the two sides ever disagree, the
// statement is refused (XX000); it is never misread.
//
// Every pass is linear. Nesting is bounded by maxDepth, with error 54001.
//
// Errors are *Error, with the SQLSTATE, words and position that PostgreSQL
// gives. A refusal that PostgreSQL would make later, in analysis, is left to the
// planner. What PostgreSQL would take and this package does not (XML) is 0A000.
package parser
