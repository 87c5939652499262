package ddl

import (
	"strings"

	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// WITH (name = value, …) of tables and views: kept as it was given, for
// pg_class.reloptions.

// viewOptions are the options of views; the booleans are true.
var viewOptions = map[string]bool{"security_barrier": true, "security_invoker": true, "check_option": false}

func checkViewOptions(options []*ast.Option) error {
	for _, o := range options {
		boolean, ok := viewOptions[strings.ToLower(o.Name)]
		if !ok {
			return pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized parameter %q", o.Name)
		}
		v := optionText(o)
		switch {
		case boolean:
			if _, ok := o.AsBool(); !ok {
				return pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for boolean option %q: %s", o.Name, v)
			}
		case v != "local" && v != "cascaded":
			return pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for enum option %q: %s", o.Name, v).
				WithDetail("Valid values are \"local\" and \"cascaded\".")
		}
	}
	return nil
}

// optionText is an option's value, true if there is none.
func optionText(o *ast.Option) string {
	if o.Kind == ast.OptionAbsent {
		return "true"
	}
	return o.AsText()
}

// setOptions gives the options there are with others set or reset.
func setOptions(have []string, options []*ast.Option, reset bool) []string {
	var out []string
	named := func(s string) bool {
		for _, o := range options {
			if strings.HasPrefix(s, strings.ToLower(o.Name)+"=") {
				return true
			}
		}
		return false
	}
	for _, s := range have {
		if !named(s) {
			out = append(out, s)
		}
	}
	if reset {
		return out
	}
	for _, o := range options {
		if o.Namespace == "" {
			out = append(out, strings.ToLower(o.Name)+"="+optionText(o))
		}
	}
	return out
}

// optionOf gives the value of an option, "" if it is not set.
func optionOf(options []string, name string) string {
	for _, s := range options {
		if v, ok := strings.CutPrefix(s, name+"="); ok {
			return v
		}
	}
	return ""
}
