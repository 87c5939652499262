package parser

import (
	"strings"

	"rowkey/parser/ast"
)

// parseSet parses SET, the current token. LOCAL, SESSION, TIME, ROLE and the
// other words with a meaning here can also name a setting; then TO, =, FROM or
// a dot follows.
func (p *parser) parseSet() ast.Stmt {
	at := p.here()
	p.expect("set")
	switch {
	case p.isSettingNameAt(0):
		return p.setRest(at)
	case p.accept("constraints"):
		return p.parseSetConstraints(at)
	case p.accept("local"):
		s := p.setRest(at)
		s.Local = true
		return s
	case p.is("session") && !p.isSessionClause():
		p.advance()
		return p.setRest(at)
	}
	return p.setRest(at)
}

// isSettingNameAt reports whether the word n tokens ahead is the name of a
// setting by what follows it.
func (p *parser) isSettingNameAt(n int) bool {
	return p.isAt(n+1, "to") || p.isAt(n+1, "=") || p.isAt(n+1, "from") || p.isAt(n+1, ".")
}

// isSessionClause reports whether SESSION starts SESSION AUTHORIZATION or
// SESSION CHARACTERISTICS; the latter may also be a setting after SET SESSION.
func (p *parser) isSessionClause() bool {
	return p.isAt(1, "authorization") || p.isAt(1, "characteristics") && !p.isSettingNameAt(1)
}

func (p *parser) parseSetConstraints(at ast.At) ast.Stmt {
	s := &ast.SetConstraintsStmt{At: at}
	if !p.accept("all") {
		s.Names = p.qualifiedNameList()
	}
	if s.Deferred = p.accept("deferred"); !s.Deferred {
		p.expect("immediate")
	}
	return s
}

// setRest parses what follows SET [LOCAL | SESSION].
func (p *parser) setRest(at ast.At) *ast.SetStmt {
	if !p.isSettingNameAt(0) {
		switch {
		case p.is("transaction") && !p.isAt(1, "snapshot"):
			p.advance()
			return &ast.SetStmt{At: at, Kind: ast.SetTransaction, Name: "transaction", Modes: p.transactionModes(false)}
		case p.is("session", "characteristics"):
			p.expect("session", "characteristics", "as", "transaction")
			return &ast.SetStmt{At: at, Kind: ast.SetCharacteristics, Name: "transaction", Modes: p.transactionModes(false)}
		}
	}
	return p.setRestMore(at)
}

// setRestMore parses the forms that CREATE FUNCTION takes, too: all but
// transaction modes.
func (p *parser) setRestMore(at ast.At) *ast.SetStmt {
	s := &ast.SetStmt{At: at}
	one := func(name string, kind ast.OptionValueKind, text string, pos ast.At) *ast.SetStmt {
		s.Name = name
		s.Values = []*ast.SetValueItem{{At: pos, Kind: kind, Text: text}}
		return s
	}
	if !p.isSettingNameAt(0) {
		switch {
		case p.is("time", "zone"):
			p.expect("time", "zone")
			s.Name = "timezone"
			p.timeZone(s)
			return s
		case p.accept("catalog"):
			pos := p.here()
			p.stringConst()
			raise(int(pos), codeUnsupported, "current database cannot be changed")
		case p.accept("schema"):
			pos := p.here()
			return one("search_path", ast.OptionString, p.stringConst(), pos)
		case p.accept("names"):
			s.Name = "client_encoding"
			if pos := p.here(); p.tok().kind == tokString {
				return one(s.Name, ast.OptionString, p.stringConst(), pos)
			}
			p.accept("default")
			s.Kind = ast.SetToDefault
			return s
		case p.accept("role"):
			pos := p.here()
			return one("role", ast.OptionString, p.wordOrString(), pos)
		case p.is("session"):
			p.expect("session", "authorization")
			pos := p.here()
			s.Name = "session_authorization"
			if p.accept("default") {
				s.Kind = ast.SetToDefault
				return s
			}
			return one(s.Name, ast.OptionString, p.wordOrString(), pos)
		case p.accept("xml"):
			p.expect("option")
			pos := p.here()
			if !p.is("document") {
				p.expect("content")
				return one("xmloption", ast.OptionString, "CONTENT", pos)
			}
			p.advance()
			return one("xmloption", ast.OptionString, "DOCUMENT", pos)
		case p.accept("transaction"):
			p.expect("snapshot")
			pos := p.here()
			s.Kind = ast.SetSnapshot
			return one("transaction_snapshot", ast.OptionString, p.stringConst(), pos)
		}
	}
	s.Name = p.settingName()
	p.settingValue(s, true)
	return s
}

// settingName parses name [. name …].
func (p *parser) settingName() string {
	name := p.colID()
	if !p.is(".") {
		return name
	}
	parts := []string{name}
	for p.accept(".") {
		parts = append(parts, p.colID())
	}
	return strings.Join(parts, ".")
}

// settingValue parses TO or = and the values, or FROM CURRENT.
func (p *parser) settingValue(s *ast.SetStmt, fromCurrent bool) {
	if fromCurrent && p.accept("from") {
		p.expect("current")
		s.Kind = ast.SetFromCurrent
		return
	}
	if !p.accept("to") {
		p.expect("=")
	}
	if p.accept("default") {
		s.Kind = ast.SetToDefault
		return
	}
	for {
		v := &ast.SetValueItem{At: p.here()}
		if p.isNumericOnly() || p.is("+") || p.is("-") {
			v.Kind, v.Text = ast.OptionNumber, p.numberText()
		} else {
			var o ast.Option
			p.boolOrString(&o)
			v.Kind, v.Text = o.Kind, o.Text
		}
		if s.Values = append(s.Values, v); !p.accept(",") {
			return
		}
	}
}

// timeZone parses the value of SET TIME ZONE.
func (p *parser) timeZone(s *ast.SetStmt) {
	v := &ast.SetValueItem{At: p.here()}
	switch {
	case p.tok().kind == tokString:
		v.Kind, v.Text = ast.OptionString, p.stringConst()
	case p.tok().kind == tokIdent:
		v.Kind, v.Text = ast.OptionWord, p.word()
	case p.accept("default"), p.accept("local"):
		s.Kind = ast.SetToDefault
		return
	case p.is("interval"):
		v.Kind, v.Interval = ast.OptionString, p.zoneInterval()
		v.Text = v.Interval.Arg.(*ast.Const).Text
	default:
		v.Kind, v.Text = ast.OptionNumber, p.numberText()
	}
	s.Values = []*ast.SetValueItem{v}
}

// zoneInterval parses INTERVAL '…' [fields] and INTERVAL (n) '…'.
func (p *parser) zoneInterval() *ast.TypeCast {
	t := &ast.TypeName{At: p.here(), Names: systemType("interval")}
	cast := &ast.TypeCast{At: t.At, Type: t}
	p.expect("interval")
	text := func() {
		if p.tok().kind != tokString {
			p.fail()
		}
		cast.Arg = p.literal()
	}
	if p.accept("(") {
		precision := p.intNodeHere()
		p.expect(")")
		text()
		t.Mods = []ast.Expr{intNode(intervalFull, ast.Unknown), precision}
		return cast
	}
	text()
	fields := p.here()
	p.intervalFields(t)
	if t.Mods != nil {
		if mask := int(t.Mods[0].(*ast.Const).Int); mask&^(intervalHour|intervalMinute) != 0 {
			p.syntaxErrorf(fields, "time zone interval must be HOUR or HOUR TO MINUTE")
		}
	}
	return cast
}

// parseReset parses RESET, the current token.
func (p *parser) parseReset() *ast.SetStmt {
	at := p.here()
	p.expect("reset")
	if name := p.wordedSetting(); name != "" {
		return &ast.SetStmt{At: at, Kind: ast.Reset, Name: name}
	}
	return p.genericReset(at)
}

// wordedSetting parses a setting that has words of its own and gives its name, "" if there is none.
func (p *parser) wordedSetting() string {
	switch {
	case p.is("time", "zone"):
		p.expect("time", "zone")
		return "timezone"
	case p.is("transaction", "isolation"):
		p.expect("transaction", "isolation", "level")
		return "transaction_isolation"
	case p.is("session", "authorization"):
		p.expect("session", "authorization")
		return "session_authorization"
	}
	return ""
}

// genericReset parses ALL or a setting's name.
func (p *parser) genericReset(at ast.At) *ast.SetStmt {
	if p.accept("all") {
		return &ast.SetStmt{At: at, Kind: ast.ResetAll}
	}
	return &ast.SetStmt{At: at, Kind: ast.Reset, Name: p.settingName()}
}

// parseShow parses SHOW, the current token.
func (p *parser) parseShow() ast.Stmt {
	s := &ast.ShowStmt{At: p.here()}
	p.expect("show")
	if s.Name = p.wordedSetting(); s.Name != "" {
		return s
	}
	if p.accept("all") {
		s.Name = "all"
	} else {
		s.Name = p.settingName()
	}
	return s
}
