package builtin

import (
	"unicode/utf8"

	"rowkey/pgerr"
	"rowkey/types/charset"
)

// Encodings: text is UTF8, and bytes are taken for text of other encodings and
// made from it by convert and its kin.

func encodingNamed(name, what string) (*charset.Charset, error) {
	if c := charset.Named(name); c != nil {
		return c, nil
	}
	return nil, errParameter("invalid %sencoding name \"%s\"", what, name)
}

func convert(s, source, target string) (string, error) {
	from, err := encodingNamed(source, "source ")
	if err != nil {
		return "", err
	}
	to, err := encodingNamed(target, "destination ")
	if err != nil {
		return "", err
	}
	if err := from.Check(s); err != nil {
		return "", err
	}
	switch {
	case from == to || to == charset.ASCII:
		return s, nil
	case from == charset.ASCII:
		return s, to.Check(s)
	case !charset.Convertible(from, to):
		return "", pgerr.Newf(pgerr.UndefinedFunction, "default conversion function for encoding \"%s\" to \"%s\" does not exist", from.Name(), to.Name())
	}
	if s, err = from.Decode(s); err != nil {
		return "", err
	}
	return to.Encode(s)
}

func init() {
	define("convert(bytea,name,name)", f3e(convert))
	define("convert_from(bytea,name)", f2e(func(s, source string) (string, error) { return convert(s, source, "UTF8") }))
	define("convert_to(text,name)", f2e(func(s, target string) (string, error) { return convert(s, "UTF8", target) }))
	define("length(bytea,name)", f2e(func(s, encoding string) (int64, error) {
		c, err := encodingNamed(encoding, "")
		if err != nil {
			return 0, err
		}
		if c == charset.UTF8 {
			return int64(utf8.RuneCountInString(s)), c.Check(s)
		}
		return int64(len(s)), c.Check(s)
	}))
}
