package builtin

import (
	"fmt"
	"math/rand"
	"strconv"
	"strings"

	"rowkey/types"
)

// The values that the comparisons with PostgreSQL call functions with.

var pools = map[string][]string{
	"bool":           {"t", "f"},
	"int2":           {"0", "1", "-1", "2", "7", "-3", "100", "32767", "-32768"},
	"int4":           {"0", "1", "-1", "2", "3", "5", "-2", "10", "31", "33", "100", "1000", "2147483647", "-2147483648", "46341"},
	"int8":           {"0", "1", "-1", "2", "3", "-7", "12", "65", "1000000", "4294967296", "9223372036854775807", "-9223372036854775808", "3037000500"},
	"oid":            {"0", "1", "26", "4294967295"},
	"xid":            {"0", "3", "4294967295"},
	"cid":            {"0", "3"},
	"xid8":           {"0", "3", "18446744073709551615"},
	"tid":            {"(0,1)", "(5,2)", "(5,65535)"},
	"char":           {"a", "b", "", "\\177", "Z"},
	"float4":         {"0", "1", "-1", "1.5", "-2.25", "1e10", "3.4e38", "1e-40", "NaN", "Infinity", "-Infinity", "0.1", "16777217", "2.5", "32767.6"},
	"float8":         {"0", "-0", "1", "-1", "0.5", "-0.5", "1.5", "2.5", "-2.25", "30", "45", "90", "123.456", "1e10", "1e300", "-1e300", "1e-300", "NaN", "Infinity", "-Infinity", "0.1", "3", "2147483647.5"},
	"numeric":        {"0", "0.00", "1", "-1", "1.5", "-2.25", "2.5", "123.456", "0.001", "-0.0005", "1e10", "9999999999999999999", "-12345678901234567890.123456789", "NaN", "Infinity", "-Infinity", "32767.5", "3", "10", "1e-20", "1.10", "7.000"},
	"text":           {"", "a", "abc", "ABC def", "ąbć Źzz", " x ", "xaxbx", "a'b\\c", "12", "-5", "aaa", "quote\"d", "select", "日本語", "%", "a_c", "a,b,,c", "Hello World"},
	"name":           {"", "a", "abc", "ABC", "ąbć", "pg_catalog"},
	"bpchar":         {"", "a", "abc  ", "ABC", "a ", "ąbć"},
	"varchar":        {"", "a", "abc  ", "ABC", "ąbć"},
	"bytea":          {"\\x", "\\x00", "\\x616263", "\\xff00ff", "\\x6162", "\\x5c27", "\\x2561"},
	"money":          {"0", "12.34", "-5", "1000000.01", "-0.05"},
	"inet":           {"192.168.1.5", "192.168.1.0/24", "10.1.2.3/8", "0.0.0.0/0", "255.255.255.255", "::1", "2001:db8::5/64", "::ffff:1.2.3.4", "fe80::/10"},
	"cidr":           {"10/8", "192.168.1.0/25", "0/0", "192.168.1.1", "2001:db8::/32", "::/0", "10.1.2.0/23"},
	"macaddr":        {"08:00:2b:01:02:03", "0-1-2-3-4-5", "ffff.ffff.ffff"},
	"macaddr8":       {"08:00:2b:01:02:03:04:05", "08002bfffe010203", "ff:ff:ff:ff:ff:ff"},
	"uuid":           {"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
	"json":           {"null", "1", "\"x\"", "[]", "{}", " [1, \"a\", null, {\"a\":2}] ", "{\"a\": 1, \"b\": [1,2,3], \"a\":null}", "{\"a\":{\"b\":\"c\\u0041\"}, \"n\":null}", "[[1,2],[3]]"},
	"jsonb":          {"null", "1", "1.50", "\"x\"", "\"a\"", "true", "[]", "{}", "[1, \"a\", null, {\"a\":2}]", "{\"a\": 1, \"b\": [1,2,3]}", "{\"a\":{\"b\":\"c\"}, \"n\":null}", "[[1,2],[3]]", "[1,2,3]", "{\"a\":1}", "[\"a\",\"b\"]"},
	"date":           {"2020-02-29", "1999-12-31"},
	"time":           {"00:00:00", "23:59:59.999999"},
	"timetz":         {"00:00:00+00", "23:59:59-08"},
	"timestamp":      {"2020-02-29 12:34:56.789", "1999-12-31 00:00:00"},
	"timestamptz":    {"2020-02-29 12:34:56.789+00", "1999-12-31 00:00:00+00"},
	"interval":       {"1 day", "2 mons 3 days 04:05:06.789", "-1 year", "00:00:01"},
	"bit":            {"", "0", "1", "101", "1111111", "01010101", "1100110011", "x1f", "b001"},
	"varbit":         {"", "0", "1", "101", "1111111", "01010101", "1100110011", "x1f", "b001"},
	"int4range":      {"empty", "[1,5)", "(1,5]", "[3,9)", "(,3)", "[3,)", "(,)", "[5,6]", "[-2,2]", "[7,7]", "[5,9)"},
	"numrange":       {"empty", "[1,5)", "(1,5]", "[3.5,9)", "(,3)", "[3,)", "(,)", "[5,6]", "(-2.5,2.0)", "[7,7]", "[5,9]", "(3,5]"},
	"int4multirange": {"{}", "{[1,5)}", "{[1,3),[5,9)}", "{(,2),[4,5),[8,)}", "{(,)}", "{[2,3],[7,8]}"},
	"nummultirange":  {"{}", "{[1,5)}", "{[1,3],[5.5,9)}", "{(,2),(4,5),[8,)}", "{(,)}", "{[2,3),(3,8]}"},
	"int8range":      {"empty", "[1,5)", "(,3)"},
	"daterange":      {"empty", "[2020-01-01,2020-02-01)", "(,infinity]"},
	"tsrange":        {"empty", "[2020-01-01,2020-02-01)", "(,infinity]"},
	"tstzrange":      {"empty", "[2020-01-01 00:00+00,2020-02-01 00:00+00)", "(,infinity]"},
	"int8multirange": {"{}", "{[1,5)}"},
	"datemultirange": {"{}", "{[2020-01-01,2020-02-01)}"},
	"tsmultirange":   {"{}", "{[2020-01-01,2020-02-01)}"},
	"tstzmultirange": {"{}", "{[2020-01-01 00:00+00,2020-02-01 00:00+00)}"},
	"_int4range":     {"{}", "{\"[1,2)\",empty}", "{NULL}", "{\"[1,5)\",\"[3,7)\",\"[9,)\"}", "{{empty},{\"(,)\"}}"},
	"_numrange":      {"{}", "{\"[1,2)\",\"(2.0,3)\"}"},
	"_int8range":     {"{}", "{\"[1,2)\",\"(2,3)\"}"},
	"_daterange":     {"{}", "{\"[2020-01-01,2020-02-01)\"}"},
	"_tsrange":       {"{}", "{empty}"},
	"_tstzrange":     {"{}", "{empty}"},
	"_int4":          {"{}", "{1,2,3}", "{3,NULL,1}", "{{1,2},{3,4}}", "[2:4]={7,8,9}", "{1}", "{2,2}"},
	"_text":          {"{}", "{a,b}", "{a,NULL,\"x y\"}", "{{a,b},{c,d}}", "{a}", "{b}", "{1}", "{a,b,c,d}"},
	"_float8":        {"{}", "{0.5}", "{0.1,NULL,1}", "{0,0.25}"},
	"_numeric":       {"{}", "{1.5,2}", "{NULL}"},
	"oidvector":      {"", "1 2", "3"},
	"int2vector":     {"", "1 2", "3"},
}

// argPools gives better arguments for particular functions, "name/index".
var argPools = map[string][]string{
	"timestamp/1": {"0", "3", "6"}, "timestamptz/1": {"0", "3", "6"}, "time/1": {"0", "3", "6"}, "timetz/1": {"0", "3", "6"},
	"extract/0": {"year", "month", "epoch", "dow", "xx"}, "date_part/0": {"year", "month", "epoch", "dow", "xx"},
	"date_trunc/0":   {"year", "month", "second", "xx"},
	"format_type/1":  {"-1"},
	"interval_mul/1": {"0", "1", "-1", "0.5", "2.5", "NaN", "1e300"}, "mul_d_interval/0": {"0", "1", "-1", "0.5", "2.5", "NaN", "1e300"},
	"interval_div/1":      {"0", "1", "-1", "0.5", "2.5", "1e300"},
	"encode/1":            {"hex", "base64", "escape", "HEX", "x"},
	"decode/1":            {"hex", "base64", "escape", "x"},
	"decode/0":            {"", "616263", "61 62", "6", "zz", "YWJj", "YWI=", "YQ==", "a\\\\b", "\\141", "\\x"},
	"convert_from/1":      {"UTF8", "LATIN1", "utf-8", "xx"},
	"convert_to/1":        {"UTF8", "LATIN1", "xx"},
	"convert_from/0":      {"\\x616263", "\\xc485"},
	"repeat/1":            {"0", "1", "3", "-1", "10"},
	"lpad/1":              {"0", "1", "3", "-1", "10"},
	"rpad/1":              {"0", "1", "3", "-1", "10"},
	"factorial/0":         {"0", "1", "5", "20", "21", "50", "-1"},
	"round/1":             {"0", "1", "2", "-1", "-5", "20", "3", "3000", "100000", "-200000"},
	"trunc/1":             {"0", "1", "2", "-1", "-5", "20", "3", "3000", "100000", "-200000"},
	"generate_series/0":   {"0", "1", "-2"},
	"generate_series/1":   {"0", "1", "5", "7"},
	"generate_series/2":   {"0", "1", "-1", "2"},
	"array_fill/1":        {"{2}", "{2,3}", "{}", "{0}", "{-1}"},
	"array_fill/2":        {"{2}", "{2,3}", "{}", "{0}"},
	"json_extract_path/1": {"{a}", "{a,b}", "{1}", "{3,a}", "{}", "{b,-1}", "{b,1}"},
	"jsonb_set_lax/4":     {"use_json_null", "delete_key", "return_target", "raise_exception", "x"},
	"jsonb_set_lax/1":     {"{a}", "{a,b}", "{1}", "{3,a}", "{}", "{b,-1}", "{b,1}", "{b,-9}", "{b,9}", "{x}"},
	"like_escape/1":       {"\\", "", "x", "!", "xx"},
	"textlike/1":          {"%", "a%", "%c", "%b%", "a_c", "_", "%x_b%", "a\\%", "abc", "", "\\", "%ć%", "_ą%"},
	"bytealike/1":         {"%", "a%", "\\x6125", "_", "%c", "\\x25615f"},
	"power/1":             {"0", "1", "2", "-1", "0.5", "10", "-2.5", "NaN", "Infinity"},
	"power/0":             {"0", "1", "2", "-1", "0.5", "10", "-2.5", "NaN", "Infinity", "1.0001"},
	"exp/0":               {"0", "1", "-1", "0.5", "10", "-20.5", "NaN", "Infinity", "-Infinity", "100", "1e10"},
	"width_bucket/3":      {"0", "1", "5", "10", "-1"},
	"numeric/1":           {"-1", "262148", "327686", "655364", "131078"},
	"varchar/1":           {"-1", "5", "7", "14"},
	"bpchar/1":            {"-1", "5", "7", "14"},
	"substring/1":         {"0", "1", "2", "-1", "3", "100", "-2147483648", "2147483647"},
	"substring/2":         {"0", "1", "2", "-1", "3", "100", "2147483647"},
	"set_bit/1":           {"0", "1", "8", "-1", "100"},
	"set_bit/2":           {"0", "1", "2"},
	"get_bit/1":           {"0", "1", "8", "-1", "100"},
	"normalize/1":         {"NFC", "NFD", "NFKC", "nfkd", "x"},
	"bit/1":               {"-1", "0", "1", "3", "9", "70"},
	"varbit/1":            {"-1", "0", "1", "3", "9", "70"},
	"overlay/2":           {"1", "0", "2", "-1", "9", "2147483647"},
	"overlay/3":           {"1", "0", "2", "-1", "9", "2147483647"},
	"int4range/2":         rangeFlagPool, "int8range/2": rangeFlagPool, "numrange/2": rangeFlagPool, "daterange/2": rangeFlagPool,
	"tsrange/2": rangeFlagPool, "tstzrange/2": rangeFlagPool,
	"is_normalized/1":       {"NFC", "NFD", "NFKC", "nfkd", "x"},
	"normalize/0":           {"", "a", "ą", "a\u0328", "ﬁ", "Å"},
	"is_normalized/0":       {"", "a", "ą", "a\u0328", "ﬁ", "Å"},
	"unistr/0":              {"", "a", "\\0105", "\\+000105", "\\u0105", "\\U00000105", "\\", "\\\\", "\\d800", "\\d83d\\de00"},
	"parse_ident/0":         {"a.b", "\"A b\".c", "A", "1a", "a.", "", "a b", " a . b "},
	"to_number/1":           {"999"},
	"pg_size_bytes/0":       {"1", "1kB", "2 MB", "1.5GB", "-1 TB", "x", "1 xx", "1e3 bytes", "9 PB"},
	"pg_size_pretty/0":      {"0", "10", "10239", "10240", "20479", "20480", "-20480", "10485760", "123456789012", "9223372036854775807"},
	"json_to_record/0":      {"{}"},
	"string_to_array/1":     {",", "", "x", "b"},
	"split_part/1":          {",", "", "x", "b", "a"},
	"split_part/2":          {"0", "1", "2", "-1", "-2", "5"},
	"translate/1":           {"abc", "x", "", "aą"},
	"generate_subscripts/1": {"1", "2", "0"},
	"similar_to_escape/0":   simPatterns,
	"similar_escape/0":      simPatterns,
	"similar_to_escape/1":   {"\\", "", "x", "!", "xx"},
	"similar_escape/1":      {"\\", "", "x", "!", "xx"},
	"pg_char_to_encoding/0": {"UTF8", "LATIN1", "xx"},
	"pg_encoding_to_char/0": {"6", "8", "0"},
}

// randomValue makes a value of its own, for types where that is worth it.
func randomValue(r *rand.Rand, t *types.Type) (string, bool) {
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('0' + r.Intn(10)))
		}
		return b.String()
	}
	sign := []string{"", "-"}[r.Intn(2)]
	switch t {
	case types.Int2:
		return strconv.Itoa(r.Intn(65536) - 32768), true
	case types.Int4:
		return strconv.Itoa(int(int32(r.Uint32()) >> r.Intn(32))), true
	case types.Int8:
		return strconv.FormatInt(int64(r.Uint64())>>r.Intn(64), 10), true
	case types.Numeric:
		s := sign + "0" + digits(r.Intn(12))
		if r.Intn(3) > 0 {
			s += "." + digits(1+r.Intn(12))
		}
		return s, true
	case types.Float8, types.Float4:
		return sign + "0" + digits(1+r.Intn(5)) + "." + digits(1+r.Intn(8)), true
	case types.Text, types.VarChar, types.BPChar, types.Name:
		var b strings.Builder
		for range r.Intn(12) {
			b.WriteRune([]rune("aabbcABC  12.,_%-ąż\\'\"{}[]()")[r.Intn(28)])
		}
		return b.String(), true
	case types.Bytea:
		b := make([]byte, r.Intn(20))
		r.Read(b)
		return fmt.Sprintf("\\x%x", b), true
	case types.Bit, types.VarBit:
		return strconv.FormatUint(uint64(r.Uint32()>>r.Intn(32)), 2), true
	case types.Int4Range, types.NumRange:
		return randomRange(r, 20), true
	case types.Int4Range.Multirange, types.NumRange.Multirange:
		var list []string
		for range r.Intn(5) {
			list = append(list, randomRange(r, 60))
		}
		return "{" + strings.Join(list, ",") + "}", true
	case types.Int4.Array:
		var list []string
		for range r.Intn(6) {
			list = append(list, []string{"1", "2", "3", "NULL", "-7"}[r.Intn(5)])
		}
		return "{" + strings.Join(list, ",") + "}", true
	case types.JSONB, types.JSON:
		return randomJSON(r, 3), true
	}
	return "", false
}

var rangeFlagPool = []string{"[)", "(]", "()", "[]", "", "[", "[}"}

func randomRange(r *rand.Rand, span int) string {
	lower := r.Intn(span)
	a, b := strconv.Itoa(lower), strconv.Itoa(lower+r.Intn(6))
	if r.Intn(8) == 0 {
		a = ""
	}
	if r.Intn(8) == 0 {
		b = ""
	}
	return "[("[r.Intn(2):][:1] + a + "," + b + ")]"[r.Intn(2):][:1]
}

func randomJSON(r *rand.Rand, depth int) string {
	k := r.Intn(9)
	if depth == 0 {
		k %= 6
	}
	switch k {
	case 0:
		return strconv.Itoa(r.Intn(10))
	case 1:
		return []string{"1.50", "-0.0", "1e3", "12345678901234567890", "0.1e-2"}[r.Intn(5)]
	case 2:
		return []string{"true", "false", "null"}[r.Intn(3)]
	case 3, 4, 5:
		return []string{`"a"`, `"b"`, `"x y"`, `"\u0041\n"`, `"ą\"q"`, `""`}[r.Intn(6)]
	case 6:
		var list []string
		for range r.Intn(4) {
			list = append(list, randomJSON(r, depth-1))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	var list []string
	for range r.Intn(4) {
		list = append(list, []string{`"a"`, `"b"`, `"cc"`, `"\u0061a"`, `"q\"r"`}[r.Intn(5)]+" :"+randomJSON(r, depth-1))
	}
	return "{" + strings.Join(list, " ,") + "}"
}

// regexPatterns and regexStrings are for the regular expression functions.
var regexPatterns = []string{
	"", "a", "b+", "a*", "(a)(b)?", "^a", "c$", "[a-c]+", "[^a]", "(ab|a)(bc|c)?", "a|b|", "x*?", "(a+?)(b*)", "(a*?)(b+)",
	"(.)\\1", "(a|ab)(c|bcd)(d*)", "\\d+", "\\w+", "\\s", "\\mfoo\\M", "\\y", "a{2}", "a{1,2}", "(a{1,2}?)(a*)", "(?i)ABC", "(?=b)", "(?!a).",
	"(?<=a)b", "(?<!a)b", "(", "[", "a**", "*a", "a{3,1}", "\\", "[[:alpha:]]+", "[[:digit:]]", "[[:foo:]]", "\\A.", ".\\Z", "(foo)|(bar)",
	"((a)|(b))*", "(a*)*", "(a*)+", "(a|b)*?c", "(?:a|b)+", "[\\w]+", "\\u0061", "***=a.b", "(?x) a b # c", "a\\.b", "(([a-z])+) ", "ą.", "[ą-ć]+",
	"^(.*?)(b+)(.*)$", "(\\w+)\\s+(\\w+)", "a.c", "\\(a\\)", "(a)(b)(c)(d)?", "(a(b)?)+", "^$", "\\Y", "\\D+", "[^[:space:]]+", "x?y?z?", "(x+x+)+y",
	"(b|)+", "(|a)+b", "a{0}", "(a){0}b", "(a){2}", "(?:(a)|b)*", "([ab]*)(b*)", "(.*)(.*)", "(.*?)(.*)", "(.*?)(.*?)", "(.+)b(.*)", "\\1(a)", "(a)\\2", "(a)\\1+", "(?:a{2,3}?){2}",
}

var regexStrings = []string{
	"", "a", "b", "ab", "abc", "aab", "aaa", "abcd", "foo bar", "foobar", "ABC abc", "xyz", "bbb", "a b\nc", "ąbć", "ć", "12 ab 34", "aXbXc", "abab", "aabb",
	"hello world foo", "a.b", "(a)", "\n", "abba", "ba", "xxxy",
}

func init() {
	for i := range regexPatterns {
		regexPatterns[i] = strings.ReplaceAll(regexPatterns[i], `\\\\`, `\\`)
	}
}

var regexReplacements = []string{"", "X", "[\\&]", "<\\1|\\2>", "\\\\", "\\x", "a\\"}

var regexFlags = []string{"", "i", "g", "n", "x", "gi", "q", "z", "p", "w", "s"}

var simPatterns = []string{"", "a%", "_b", "(a|b)*", "a\\%", "[a-c]+", "x{2}", "a.b^$", "%\\\"b\\\"%"}

var aliases = map[string]string{
	"byteanlike": "bytealike", "textnlike": "textlike", "namelike": "textlike", "namenlike": "textlike",
	"texticlike": "textlike", "texticnlike": "textlike", "bpcharlike": "textlike", "bpcharnlike": "textlike",
	"nameiclike": "textlike", "nameicnlike": "textlike", "bpchariclike": "textlike", "bpcharicnlike": "textlike",
	"pow": "power", "dpow": "power", "numeric_power": "power", "numeric_exp": "exp", "dexp": "exp",
	"substr": "substring", "jsonb_extract_path": "json_extract_path", "json_extract_path_text": "json_extract_path",
	"jsonb_extract_path_text": "json_extract_path", "jsonb_set": "jsonb_set_lax", "jsonb_insert": "jsonb_set_lax",
	"jsonb_delete_path": "jsonb_set_lax", "string_to_table": "string_to_array",
}

func poolFor(name string, i int, t *types.Type) []string {
	if strings.HasPrefix(name, "regexp_") || strings.Contains(name, "regexeq") || strings.Contains(name, "regexne") || name == "substring" && t == types.Text && i > 0 {
		switch {
		case i == 0:
			return regexStrings
		case i == 1:
			return regexPatterns
		case t == types.Int4:
			return []string{"0", "1", "2", "3", "-1", "10"}
		case name == "regexp_replace" && i == 2:
			return regexReplacements
		case name == "substring":
			return argPools["similar_escape/1"]
		}
		return regexFlags
	}
	if name == "like" || name == "notlike" {
		if name = "textlike"; t == types.Bytea {
			name = "bytealike"
		}
	}
	if p, ok := argPools[fmt.Sprintf("%s/%d", name, i)]; ok {
		return p
	}
	if a, ok := aliases[name]; ok {
		if p, ok := argPools[fmt.Sprintf("%s/%d", a, i)]; ok {
			return p
		}
	}
	return pools[t.Name]
}
