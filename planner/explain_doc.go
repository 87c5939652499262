package planner

import (
	"fmt"
	"math"
	"strings"
)

// The structured formats of EXPLAIN, XML, JSON and YAML: the plan becomes a document of named
// values, with PostgreSQL's names in its order, which each format writes in its way.

// Format is a format of EXPLAIN.
type Format int

const (
	FormatText Format = iota
	FormatXML
	FormatJSON
	FormatYAML
)

// Formats are the names that EXPLAIN (FORMAT …) knows.
var Formats = map[string]Format{"text": FormatText, "xml": FormatXML, "json": FormatJSON, "yaml": FormatYAML}

// object is a value made of others, each with a name.
type object []property

// property is one value of an object, which is one of:
//
//	text            a string
//	raw             a number or a truth value, as it is written
//	[]string        strings
//	object
//	objects
type property struct {
	name  string
	value any
}

type text string

type raw string

// objects is a list of objects, each of which XML calls element.
type objects struct {
	element string
	list    []object
	inline  bool // on one line in JSON
}

// document is the plan in a structured format: the lines of one row.
func (x *explainer) document(root *entry) []string {
	query := object{{"Plan", x.object(root, "", "")}}
	put := func(name string, value any) { query = append(query, property{name, value}) }
	if x.o.Algebra {
		put("Rules", x.plan.Rules)
		put("Algebra", x.plan.Algebra)
	}
	if x.o.Summary {
		put("Planning Time", millis(x.o.PlanningMicros))
	}
	if x.o.Analyze {
		put("Triggers", objects{element: "Trigger"})
		if x.o.Summary {
			put("Execution Time", millis(x.o.ExecutionMicros))
		}
	}
	return []string{formatDocument(x.o.Format, query)}
}

func millis(micros int64) raw { return raw(fmt.Sprintf("%.3f", float64(micros)/1000)) }

// Utility is what EXPLAIN says of a statement without a plan.
func Utility(f Format) []string {
	switch f {
	case FormatText:
		return []string{"Utility statements have no plan structure"}
	case FormatXML:
		return []string{xmlHead + "\n  <Utility-Statement />\n</explain>"}
	case FormatJSON:
		return []string{"[\n  \"Utility Statement\"\n]"}
	}
	return []string{"- \"Utility Statement\""}
}

// object is an entry with those below it. relationship and subplan say what it is to the one above.
func (x *explainer) object(e *entry, relationship, subplan string) object {
	o := object{{"Node Type", text(e.nodeType)}}
	put := func(name string, value any) { o = append(o, property{name, value}) }
	for _, a := range e.head {
		put(a.name, text(a.val))
	}
	if relationship != "" {
		put("Parent Relationship", text(relationship))
	}
	if subplan != "" {
		put("Subplan Name", text(subplan))
	}
	put("Parallel Aware", raw("false"))
	put("Async Capable", raw("false"))
	for _, a := range e.attrs {
		put(a.name, text(a.val))
	}
	if x.o.Costs {
		put("Startup Cost", raw(fmt.Sprintf("%.2f", e.base.Startup)))
		put("Total Cost", raw(fmt.Sprintf("%.2f", e.base.Total)))
		put("Plan Rows", raw(fmt.Sprintf("%.0f", e.base.Rows)))
		put("Plan Width", raw(fmt.Sprint(e.base.Width)))
	}
	if c := x.counters(e.base); c != nil && !e.synthetic {
		loops := math.Max(1, float64(c.Loops))
		if x.o.Timing {
			put("Actual Startup Time", raw(fmt.Sprintf("%.3f", float64(c.First)/1e6/loops)))
			put("Actual Total Time", raw(fmt.Sprintf("%.3f", float64(c.Total)/1e6/loops)))
		}
		put("Actual Rows", raw(fmt.Sprintf("%.0f", math.Round(float64(c.Rows)/loops))))
		put("Actual Loops", raw(fmt.Sprint(c.Loops)))
	}
	for _, a := range e.props {
		switch {
		case a.list != nil:
			put(a.name, a.list)
		case strings.HasPrefix(a.name, "Rows Removed"):
			put(a.name, raw(a.val))
		default:
			put(a.name, text(a.val))
		}
	}
	if e.trace != nil {
		o = append(o, x.operations(e.trace)...)
	}
	below := objects{element: "Plan"}
	for _, k := range e.subs {
		below.list = append(below.list, x.object(k, "InitPlan", k.label))
	}
	for i, k := range e.kids {
		relationship := "Outer"
		if i > 0 {
			relationship = "Inner"
		}
		switch e.nodeType {
		case "Append", "Merge Append", "BitmapOr":
			relationship = "Member"
		case "Subquery Scan":
			relationship = "Subquery"
		}
		below.list = append(below.list, x.object(k, relationship, ""))
	}
	for _, k := range e.after {
		below.list = append(below.list, x.object(k, "SubPlan", k.label))
	}
	if strings.HasSuffix(e.nodeType, "Append") {
		put("Subplans Removed", raw("0")) // what pruning leaves out is not planned at all
	}
	if below.list != nil {
		put("Plans", below)
	}
	return o
}

// ---- the formats

func formatDocument(f Format, query object) string {
	var b strings.Builder
	switch f {
	case FormatXML:
		b.WriteString(xmlHead)
		xmlValue(&b, "Query", query, 1)
		b.WriteString("\n</explain>")
	case FormatJSON:
		b.WriteString("[\n  ")
		jsonObject(&b, query, "  ")
		b.WriteString("\n]")
	case FormatYAML:
		b.WriteString("- ")
		yamlObject(&b, query, 2)
	}
	return b.String()
}

// xmlHead opens a document of the schema that PostgreSQL names.
const xmlHead = `<explain xmlns="http://www.postgresql.org/2009/explain">`

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#x0d;")

// xmlName makes a tag of a name: what may not be in one becomes a dash.
func xmlName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", r) {
			return r
		}
		return '-'
	}, name)
}

func xmlValue(b *strings.Builder, name string, v any, depth int) {
	pad := "\n" + strings.Repeat("  ", depth)
	tag := xmlName(name)
	b.WriteString(pad + "<" + tag + ">")
	switch v := v.(type) {
	case text:
		b.WriteString(xmlEscapes.Replace(string(v)) + "</" + tag + ">")
		return
	case raw:
		b.WriteString(string(v) + "</" + tag + ">")
		return
	case []string:
		for _, s := range v {
			b.WriteString(pad + "  <Item>" + xmlEscapes.Replace(s) + "</Item>")
		}
	case object:
		for _, p := range v {
			xmlValue(b, p.name, p.value, depth+1)
		}
	case objects:
		for _, o := range v.list {
			xmlValue(b, v.element, o, depth+1)
		}
	}
	b.WriteString(pad + "</" + tag + ">")
}

// jsonObject writes o, whose lines after the first begin with pad; "": on one line.
func jsonObject(b *strings.Builder, o object, pad string) {
	b.WriteString("{")
	for i, p := range o {
		switch {
		case pad != "" && i > 0:
			b.WriteString(",\n" + pad + "  ")
		case pad != "":
			b.WriteString("\n" + pad + "  ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(jsonString(p.name) + ": ")
		switch v := p.value.(type) {
		case text:
			b.WriteString(jsonString(string(v)))
		case raw:
			b.WriteString(string(v))
		case []string:
			b.WriteString("[")
			for i, s := range v {
				if i > 0 {
					b.WriteString(", ")
				}
				b.WriteString(jsonString(s))
			}
			b.WriteString("]")
		case object:
			jsonObject(b, v, pad+"  ")
		case objects:
			jsonObjects(b, v, pad+"  ")
		}
	}
	if pad != "" {
		b.WriteString("\n" + pad)
	}
	b.WriteString("}")
}

func jsonObjects(b *strings.Builder, v objects, pad string) {
	b.WriteString("[")
	for i, o := range v.list {
		switch {
		case v.inline && i > 0:
			b.WriteString(", ")
		case !v.inline && i > 0:
			b.WriteString(",\n" + pad + "  ")
		case !v.inline:
			b.WriteString("\n" + pad + "  ")
		}
		if v.inline {
			jsonObject(b, o, "")
		} else {
			jsonObject(b, o, pad+"  ")
		}
	}
	if !v.inline {
		b.WriteString("\n" + pad)
	}
	b.WriteString("]")
}

// yamlObject writes o, whose lines after the first begin with indent spaces. Strings are written as in
// JSON, which is YAML.
func yamlObject(b *strings.Builder, o object, indent int) {
	pad := strings.Repeat(" ", indent)
	for i, p := range o {
		if i > 0 {
			b.WriteString("\n" + pad)
		}
		b.WriteString(p.name + ": ")
		switch v := p.value.(type) {
		case text:
			b.WriteString(jsonString(string(v)))
		case raw:
			b.WriteString(string(v))
		case []string:
			for _, s := range v {
				b.WriteString("\n" + pad + "  - " + jsonString(s))
			}
		case object:
			b.WriteString("\n" + pad + "  ")
			yamlObject(b, v, indent+2)
		case objects:
			for _, o := range v.list {
				b.WriteString("\n" + pad + "  - ")
				yamlObject(b, o, indent+4)
			}
		}
	}
}

func jsonString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"':
			b.WriteString(`\"`)
		case '\\':
			b.WriteString(`\\`)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\r':
			b.WriteString(`\r`)
		default:
			if r < 0x20 {
				fmt.Fprintf(&b, `\u%04x`, r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
