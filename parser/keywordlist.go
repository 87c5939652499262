package parser

import "sort"

// Keyword is a row of pg_get_keywords().
type Keyword struct {
	Word      string
	Class     byte // U unreserved, C column name, T type or function name, R reserved
	BareLabel bool // may label an output column without AS
}

// Keywords lists the keywords in alphabetical order.
func Keywords() []Keyword {
	list := make([]Keyword, 0, len(keywords))
	for w, k := range keywords {
		list = append(list, Keyword{Word: w, Class: " UCTR"[k.class], BareLabel: k.bare})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Word < list[j].Word })
	return list
}
