package builtin

import (
	"strings"
	"sync"

	"rowkey/types"
)

// to_char, to_date and to_timestamp: templates of dates and times. This file
// reads templates; format_date_out.go writes values by them, format_date_in.go
// reads values.

func init() {
	define("to_char(timestamp,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[1].S == "" || !finiteTime(a[0].I) {
			return types.Null, nil
		}
		c := stampClock(a[0].I)
		return c.toChar(a[1].S)
	}))
	define("to_char(timestamptz,text)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		if a[1].S == "" || !finiteTime(a[0].I) {
			return types.Null, nil
		}
		off, abbrev, _ := ctx.zone().At(a[0].I)
		c := stampClock(a[0].I + int64(off)*types.MicrosPerSecond)
		c.off, c.zone = int(off), abbrev
		return c.toChar(a[1].S)
	}))
	define("to_char(interval,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[1].S == "" {
			return types.Null, nil
		}
		s := a[0].Span()
		c := charClock{interval: true}
		c.Year, c.Month, c.Day = int(s.Months/12), int(s.Months%12), int(s.Days)
		t := s.Micros
		c.Hour = int(t / types.MicrosPerHour)
		t -= int64(c.Hour) * types.MicrosPerHour
		c.Minute = int(t / types.MicrosPerMinute)
		t -= int64(c.Minute) * types.MicrosPerMinute
		c.Sec = int(t / types.MicrosPerSecond)
		c.Micro = int(t - int64(c.Sec)*types.MicrosPerSecond)
		c.yday = int(int32((c.Year*12+c.Month)*30 + c.Day))
		return c.toChar(a[1].S)
	}))
}

// dateKey is a template pattern of dates.
type dateKey uint8

const (
	keyADdots dateKey = iota
	keyAD
	keyAMdots
	keyAM
	keyCC
	keyDay
	keyDDD
	keyDD
	keyDy
	keyD
	keyFF
	keyFX
	keyHH24
	keyHH12
	keyIDDD
	keyID
	keyIW
	keyIYYY
	keyIYY
	keyIY
	keyI
	keyJ
	keyMI
	keyMM
	keyMonth
	keyMon
	keyMS
	keyOF
	keyQ
	keyRM
	keySSSS
	keySS
	keyTZH
	keyTZM
	keyTZ
	keyUS
	keyWW
	keyW
	keyYcommaYYY
	keyYYYY
	keyYYY
	keyYY
	keyY
)

// calendar tells the conventions a pattern belongs to: one template may not
// mix them in input.
type calendar uint8

const (
	anyCalendar calendar = iota
	gregorian
	isoWeeks
)

type dateWord struct {
	name  string
	key   dateKey
	digit bool // is read and written as digits
	cal   calendar
	frac  int // digits of FFn
}

// dateWordList has the patterns in upper case, longer before shorter.
var dateWordList = []dateWord{
	{"A.D.", keyADdots, false, anyCalendar, 0}, {"A.M.", keyAMdots, false, anyCalendar, 0}, {"AD", keyAD, false, anyCalendar, 0}, {"AM", keyAM, false, anyCalendar, 0},
	{"B.C.", keyADdots, false, anyCalendar, 0}, {"BC", keyAD, false, anyCalendar, 0}, {"CC", keyCC, true, anyCalendar, 0},
	{"DAY", keyDay, false, anyCalendar, 0}, {"DDD", keyDDD, true, gregorian, 0}, {"DD", keyDD, true, gregorian, 0}, {"DY", keyDy, false, anyCalendar, 0}, {"D", keyD, true, gregorian, 0},
	{"FF1", keyFF, true, anyCalendar, 1}, {"FF2", keyFF, true, anyCalendar, 2}, {"FF3", keyFF, true, anyCalendar, 3}, {"FF4", keyFF, true, anyCalendar, 4}, {"FF5", keyFF, true, anyCalendar, 5}, {"FF6", keyFF, true, anyCalendar, 6},
	{"FX", keyFX, false, anyCalendar, 0}, {"HH24", keyHH24, true, anyCalendar, 0}, {"HH12", keyHH12, true, anyCalendar, 0}, {"HH", keyHH12, true, anyCalendar, 0},
	{"IDDD", keyIDDD, true, isoWeeks, 0}, {"ID", keyID, true, isoWeeks, 0}, {"IW", keyIW, true, isoWeeks, 0}, {"IYYY", keyIYYY, true, isoWeeks, 0}, {"IYY", keyIYY, true, isoWeeks, 0}, {"IY", keyIY, true, isoWeeks, 0}, {"I", keyI, true, isoWeeks, 0},
	{"J", keyJ, true, anyCalendar, 0}, {"MI", keyMI, true, anyCalendar, 0}, {"MM", keyMM, true, gregorian, 0}, {"MONTH", keyMonth, false, gregorian, 0}, {"MON", keyMon, false, gregorian, 0}, {"MS", keyMS, true, anyCalendar, 0},
	{"OF", keyOF, false, anyCalendar, 0}, {"P.M.", keyAMdots, false, anyCalendar, 0}, {"PM", keyAM, false, anyCalendar, 0}, {"Q", keyQ, true, anyCalendar, 0}, {"RM", keyRM, false, gregorian, 0},
	{"SSSSS", keySSSS, true, anyCalendar, 0}, {"SSSS", keySSSS, true, anyCalendar, 0}, {"SS", keySS, true, anyCalendar, 0},
	{"TZH", keyTZH, false, anyCalendar, 0}, {"TZM", keyTZM, true, anyCalendar, 0}, {"TZ", keyTZ, false, anyCalendar, 0}, {"US", keyUS, true, anyCalendar, 0},
	{"WW", keyWW, true, gregorian, 0}, {"W", keyW, true, gregorian, 0}, {"Y,YYY", keyYcommaYYY, true, gregorian, 0}, {"YYYY", keyYYYY, true, gregorian, 0}, {"YYY", keyYYY, true, gregorian, 0}, {"YY", keyYY, true, gregorian, 0}, {"Y", keyY, true, gregorian, 0},
}

// letterCase is how a name is to be written.
type letterCase uint8

const (
	upperCase letterCase = iota
	titleCase
	lowerCase
)

type nodeKind uint8

const (
	nodePattern nodeKind = iota
	nodeChar
	nodeSeparator
	nodeSpace
)

// dateNode is a piece of a template: a pattern or one character.
type dateNode struct {
	kind    nodeKind
	char    string
	word    dateWord
	name    string // the pattern as written, for messages
	letters letterCase
	fill    bool // FM
	th      byte // 'T' for TH, 't' for th, 0 for none
	tm      bool // TM
}

var dateTemplates sync.Map // string → []dateNode
var dateTemplateCount int64

// dateTemplate takes a template apart.
func dateTemplate(s string) []dateNode {
	if t, ok := dateTemplates.Load(s); ok {
		return t.([]dateNode)
	}
	t := parseDateTemplate(s)
	if len(s) <= 128 && cacheRoom(&dateTemplateCount) {
		dateTemplates.Store(s, t)
	}
	return t
}

func parseDateTemplate(s string) []dateNode {
	var list []dateNode
	for s != "" {
		n := dateNode{}
		if len(s) >= 2 {
			switch s[:2] {
			case "FM", "fm":
				n.fill = true
				s = s[2:]
			case "TM", "tm":
				n.tm = true
				s = s[2:]
			}
			if s == "" {
				break
			}
		}
		if w, letters, ok := findDateWord(s); ok {
			n.word, n.letters, n.name = w, letters, s[:len(w.name)]
			s = s[len(w.name):]
			if len(s) >= 2 {
				switch s[:2] {
				case "TH":
					n.th = 'T'
					s = s[2:]
				case "th":
					n.th = 't'
					s = s[2:]
				case "SP":
					s = s[2:]
				}
			}
			list = append(list, n)
			continue
		}
		list, s = templateChars(list, s)
	}
	return list
}

// templateChars takes a quoted text or one character off a template.
func templateChars(list []dateNode, s string) ([]dateNode, string) {
	if s[0] == '"' {
		s = s[1:]
		for s != "" {
			if s[0] == '"' {
				return list, s[1:]
			}
			if s[0] == '\\' && len(s) > 1 {
				s = s[1:]
			}
			n := charLen(s)
			list = append(list, dateNode{kind: nodeChar, char: s[:n]})
			s = s[n:]
		}
		return list, s
	}
	if s[0] == '\\' && len(s) > 1 && s[1] == '"' {
		s = s[1:]
	}
	n := charLen(s)
	k := nodeChar
	if isSeparator(s[0]) {
		k = nodeSeparator
	} else if isBlank(s[0]) {
		k = nodeSpace
	}
	return append(list, dateNode{kind: k, char: s[:n]}), s[n:]
}

func findDateWord(s string) (dateWord, letterCase, bool) {
	switch {
	case strings.HasPrefix(s, "Month"):
		return dateWord{"Month", keyMonth, false, gregorian, 0}, titleCase, true
	case strings.HasPrefix(s, "Mon"):
		return dateWord{"Mon", keyMon, false, gregorian, 0}, titleCase, true
	case strings.HasPrefix(s, "Day"):
		return dateWord{"Day", keyDay, false, anyCalendar, 0}, titleCase, true
	case strings.HasPrefix(s, "Dy"):
		return dateWord{"Dy", keyDy, false, anyCalendar, 0}, titleCase, true
	}
	for _, w := range dateWordList {
		if len(s) < len(w.name) {
			continue
		}
		if s[:len(w.name)] == w.name {
			return w, upperCase, true
		}
		if s[0] >= 'a' && s[:len(w.name)] == strings.ToLower(w.name) {
			return w, lowerCase, true
		}
	}
	return dateWord{}, 0, false
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// isSeparator: ASCII, printable, neither letter nor digit.
func isSeparator(c byte) bool {
	return c > ' ' && c < 0x7f && !(c|0x20 >= 'a' && c|0x20 <= 'z') && !(c >= '0' && c <= '9')
}

// charLen is the length of the character at the start of s (not empty).
func charLen(s string) int {
	n := 1
	switch c := s[0]; {
	case c >= 0xf0:
		n = 4
	case c >= 0xe0:
		n = 3
	case c >= 0xc0:
		n = 2
	}
	return min(n, len(s))
}
