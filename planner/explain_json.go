package planner

import (
	"fmt"
	"math"
	"strings"

	"rowkey/planner/plan"
)

// json prints a plan in EXPLAIN (FORMAT JSON)'s form: PostgreSQL's keys, in
// its order, indented by two.
func (x *explainer) json(root *entry) []string {
	var b strings.Builder
	b.WriteString("[\n  {\n    \"Plan\": ")
	x.jsonEntry(&b, root, "    ", "", "")
	if x.o.Algebra {
		b.WriteString(",\n    \"Rules\": " + jsonList(x.plan.Rules))
		b.WriteString(",\n    \"Algebra\": " + jsonList(x.plan.Algebra))
	}
	if x.o.Summary {
		fmt.Fprintf(&b, ",\n    \"Planning Time\": %.3f", float64(x.o.PlanningMicros)/1000)
	}
	if x.o.Analyze {
		b.WriteString(",\n    \"Triggers\": [\n    ]")
		if x.o.Summary {
			fmt.Fprintf(&b, ",\n    \"Execution Time\": %.3f", float64(x.o.ExecutionMicros)/1000)
		}
	}
	b.WriteString("\n  }\n]")
	return []string{b.String()}
}

func (x *explainer) jsonEntry(b *strings.Builder, e *entry, pad, relationship, subplan string) {
	in := pad + "  "
	b.WriteString("{")
	first := true
	put := func(name, raw string) {
		if !first {
			b.WriteString(",")
		}
		first = false
		b.WriteString("\n" + in + jsonString(name) + ": " + raw)
	}
	put("Node Type", jsonString(e.nodeType))
	if relationship != "" {
		put("Parent Relationship", jsonString(relationship))
	}
	if subplan != "" {
		put("Subplan Name", jsonString(subplan))
	}
	put("Parallel Aware", "false")
	put("Async Capable", "false")
	for _, a := range e.attrs {
		put(a.name, jsonString(a.val))
	}
	if x.o.Costs {
		put("Startup Cost", fmt.Sprintf("%.2f", e.base.Startup))
		put("Total Cost", fmt.Sprintf("%.2f", e.base.Total))
		put("Plan Rows", fmt.Sprintf("%.0f", e.base.Rows))
		put("Plan Width", fmt.Sprint(e.base.Width))
	}
	if c := x.counters(e.base); c != nil && !e.synthetic {
		loops := math.Max(1, float64(c.Loops))
		if x.o.Timing {
			put("Actual Startup Time", fmt.Sprintf("%.3f", float64(c.First)/1e6/loops))
			put("Actual Total Time", fmt.Sprintf("%.3f", float64(c.Total)/1e6/loops))
		}
		put("Actual Rows", fmt.Sprintf("%.0f", math.Round(float64(c.Rows)/loops)))
		put("Actual Loops", fmt.Sprint(c.Loops))
	}
	for _, a := range e.props {
		switch {
		case a.list != nil:
			put(a.name, jsonList(a.list))
		case strings.HasPrefix(a.name, "Rows Removed"):
			put(a.name, a.val)
		default:
			put(a.name, jsonString(a.val))
		}
	}
	if e.trace != nil {
		x.jsonTrace(e.trace, put)
	}
	n := len(e.subs) + len(e.kids) + len(e.after)
	if n > 0 {
		if !first {
			b.WriteString(",")
		}
		b.WriteString("\n" + in + "\"Plans\": [")
		i := 0
		kid := func(k *entry, rel, name string) {
			if i > 0 {
				b.WriteString(",")
			}
			i++
			b.WriteString("\n" + in + "  ")
			x.jsonEntry(b, k, in+"  ", rel, name)
		}
		for _, k := range e.subs {
			kid(k, "InitPlan", k.label)
		}
		for j, k := range e.kids {
			rel := "Outer"
			if j > 0 {
				rel = "Inner"
			}
			if e.nodeType == "Append" {
				rel = "Member"
			}
			kid(k, rel, "")
		}
		for _, k := range e.after {
			kid(k, "SubPlan", k.label)
		}
		b.WriteString("\n" + in + "]")
	}
	b.WriteString("\n" + pad + "}")
}

func jsonList(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = jsonString(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
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

var _ plan.Node = (*lookedUp)(nil)
