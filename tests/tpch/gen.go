package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand"
	"strconv"
	"strings"
	"time"
)

// tables in the order they are loaded, with their definitions. Primary keys
// are made with the tables, the other indexes after loading.
var tables = []struct{ name, columns string }{
	{"region", "r_regionkey int PRIMARY KEY, r_name char(25) NOT NULL, r_comment varchar(152)"},
	{"nation", "n_nationkey int PRIMARY KEY, n_name char(25) NOT NULL, n_regionkey int NOT NULL, n_comment varchar(152)"},
	{"supplier", "s_suppkey int PRIMARY KEY, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL, s_nationkey int NOT NULL, s_phone char(15) NOT NULL, s_acctbal numeric(15,2) NOT NULL, s_comment varchar(101) NOT NULL"},
	{"part", "p_partkey int PRIMARY KEY, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL, p_brand char(10) NOT NULL, p_type varchar(25) NOT NULL, p_size int NOT NULL, p_container char(10) NOT NULL, p_retailprice numeric(15,2) NOT NULL, p_comment varchar(23) NOT NULL"},
	{"partsupp", "ps_partkey int NOT NULL, ps_suppkey int NOT NULL, ps_availqty int NOT NULL, ps_supplycost numeric(15,2) NOT NULL, ps_comment varchar(199) NOT NULL, PRIMARY KEY (ps_partkey, ps_suppkey)"},
	{"customer", "c_custkey int PRIMARY KEY, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL, c_nationkey int NOT NULL, c_phone char(15) NOT NULL, c_acctbal numeric(15,2) NOT NULL, c_mktsegment char(10) NOT NULL, c_comment varchar(117) NOT NULL"},
	{"orders", "o_orderkey bigint PRIMARY KEY, o_custkey int NOT NULL, o_orderstatus char(1) NOT NULL, o_totalprice numeric(15,2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL, o_clerk char(15) NOT NULL, o_shippriority int NOT NULL, o_comment varchar(79) NOT NULL"},
	{"lineitem", "l_orderkey bigint NOT NULL, l_partkey int NOT NULL, l_suppkey int NOT NULL, l_linenumber int NOT NULL, l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL, l_discount numeric(15,2) NOT NULL, l_tax numeric(15,2) NOT NULL, l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL, l_comment varchar(44) NOT NULL, PRIMARY KEY (l_orderkey, l_linenumber)"},
}

var indexes = []string{
	"CREATE INDEX orders_cust ON orders (o_custkey)",
	"CREATE INDEX lineitem_part ON lineitem (l_partkey, l_suppkey)",
	"CREATE INDEX partsupp_supp ON partsupp (ps_suppkey)",
}

var (
	nations = []struct {
		name   string
		region int
	}{{"ALGERIA", 0}, {"ARGENTINA", 1}, {"BRAZIL", 1}, {"CANADA", 1}, {"EGYPT", 4}, {"ETHIOPIA", 0}, {"FRANCE", 3}, {"GERMANY", 3}, {"INDIA", 2}, {"INDONESIA", 2},
		{"IRAN", 4}, {"IRAQ", 4}, {"JAPAN", 2}, {"JORDAN", 4}, {"KENYA", 0}, {"MOROCCO", 0}, {"MOZAMBIQUE", 0}, {"PERU", 1}, {"CHINA", 2}, {"ROMANIA", 3},
		{"SAUDI ARABIA", 4}, {"VIETNAM", 2}, {"RUSSIA", 3}, {"UNITED KINGDOM", 3}, {"UNITED STATES", 1}}
	regions    = []string{"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"}
	segments   = []string{"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"}
	priorities = []string{"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"}
	instructs  = []string{"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"}
	modes      = []string{"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"}
	typeWords  = [3][]string{{"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"}, {"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"}, {"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"}}
	containers = [2][]string{{"SM", "LG", "MED", "JUMBO", "WRAP"}, {"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"}}
	colours    = strings.Fields("almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood burnished chartreuse chiffon chocolate coral cornflower cornsilk cream cyan dark deep dim dodger drab firebrick floral forest frosted gainsboro ghost goldenrod green grey honeydew hot indian ivory khaki lace lavender lawn lemon light lime linen magenta maroon medium metallic midnight mint misty moccasin navajo navy olive orange orchid pale papaya peach peru pink plum powder puff purple red rose rosy royal saddle salmon sandy seashell sienna sky slate smoke snow spring steel tan thistle tomato turquoise violet wheat white yellow")
	filler     = strings.Fields("packages requests accounts deposits foxes ideas theodolites instructions dependencies excuses platelets asymptotes courts dolphins multipliers sleep wake are cajole haggle nag use boost affix detect integrate special pending unusual express furious sly careful blithe quick fluffy slow quiet ruthless thin close dogged daring brave stealthy permanent enticing idle busy regular final ironic even bold silent about above according to across after against along among around at the")
)

// sizes are the numbers of rows at a scale.
type sizes struct{ supplier, part, customer, orders, clerks int }

func sizesOf(scale float64) sizes {
	n := func(base float64) int { return max(1, int(base*scale)) }
	return sizes{n(10_000), n(200_000), n(150_000), n(1_500_000), n(1000)}
}

// supplierOf is the i-th of the four suppliers of a part.
func (z sizes) supplierOf(part, i int) int {
	s := z.supplier
	return (part+i*(s/4+(part-1)/s))%s + 1
}

func retailCents(part int) int { return 90000 + part/10%20001 + 100*(part%1000) }

// writer makes rows in COPY's text format.
type writer struct {
	*bufio.Writer
	r   *rand.Rand
	buf []byte
}

func (w *writer) between(lo, hi int) int { return lo + w.r.Intn(hi-lo+1) }

func (w *writer) one(list []string) string { return list[w.r.Intn(len(list))] }

func (w *writer) comment(lo, hi int) string {
	n := w.between(lo, hi)
	var b strings.Builder
	for b.Len() < n {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.one(filler))
	}
	return strings.TrimRight(b.String()[:n], " ")
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,"

func (w *writer) address() string {
	b := make([]byte, w.between(10, 40))
	for i := range b {
		b[i] = letters[w.r.Intn(len(letters))]
	}
	b[len(b)-1] = 'x'
	return string(b)
}

func (w *writer) phone(nation int) string {
	return fmt.Sprintf("%d-%03d-%03d-%04d", nation+10, w.between(100, 999), w.between(100, 999), w.between(1000, 9999))
}

func cents(n int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return sign + strconv.Itoa(n/100) + "." + string([]byte{byte('0' + n/10%10), byte('0' + n%10)})
}

// row writes a row.
func (w *writer) row(fields ...any) {
	b := w.buf[:0]
	for i, f := range fields {
		if i > 0 {
			b = append(b, '\t')
		}
		switch f := f.(type) {
		case int:
			b = strconv.AppendInt(b, int64(f), 10)
		case string:
			b = append(b, f...)
		case byte:
			b = append(b, f)
		}
	}
	w.buf = append(b, '\n')
	w.Write(w.buf)
}

var (
	firstDay = time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC)
	lastDay  = 2405 // 1998-08-02: the last orders are delivered within 1998
	today    = 1263 // 1995-06-17
)

func day(n int) string { return firstDay.AddDate(0, 0, n).Format(time.DateOnly) }

// days are the texts of all days, made once.
var days = func() (d []string) {
	for i := range 2800 {
		d = append(d, day(i))
	}
	return d
}()

// generate writes the rows of a table; the same seed gives the same rows.
func generate(table string, scale float64, out io.Writer) error {
	z := sizesOf(scale)
	seed := int64(19920101)
	if table == "lineitem" {
		table = "orders lines" // made together, from the same numbers
	}
	w := &writer{Writer: bufio.NewWriterSize(out, 1<<16), r: rand.New(rand.NewSource(seed + int64(len(table))*7))}
	switch table {
	case "region":
		for i, n := range regions {
			w.row(i, n, w.comment(31, 100))
		}
	case "nation":
		for i, n := range nations {
			w.row(i, n.name, n.region, w.comment(31, 100))
		}
	case "supplier":
		for i := 1; i <= z.supplier; i++ {
			nation := w.r.Intn(25)
			c := w.comment(25, 70)
			switch {
			case i%2000 == 77%2000 || i == 3:
				c += " Customer xx Complaints"
			case i%2000 == 99:
				c += " Customer xx Recommends"
			}
			w.row(i, fmt.Sprintf("Supplier#%09d", i), w.address(), nation, w.phone(nation), cents(w.between(-99999, 999999)), c)
		}
	case "part":
		for i := 1; i <= z.part; i++ {
			var name []string
			for _, k := range w.r.Perm(len(colours))[:5] {
				name = append(name, colours[k])
			}
			m := w.between(1, 5)
			w.row(i, strings.Join(name, " "), "Manufacturer#"+strconv.Itoa(m), "Brand#"+strconv.Itoa(m*10+w.between(1, 5)),
				w.one(typeWords[0])+" "+w.one(typeWords[1])+" "+w.one(typeWords[2]), w.between(1, 50),
				w.one(containers[0])+" "+w.one(containers[1]), cents(retailCents(i)), w.comment(5, 22))
		}
	case "partsupp":
		for p := 1; p <= z.part; p++ {
			for i := range 4 {
				w.row(p, z.supplierOf(p, i), w.between(1, 9999), cents(w.between(100, 100000)), w.comment(49, 198))
			}
		}
	case "customer":
		for i := 1; i <= z.customer; i++ {
			nation := w.r.Intn(25)
			w.row(i, fmt.Sprintf("Customer#%09d", i), w.address(), nation, w.phone(nation), cents(w.between(-99999, 999999)), w.one(segments), w.comment(29, 116))
		}
	case "orders", "orders lines":
		w.r = rand.New(rand.NewSource(seed)) // the same for both
		comments := &writer{r: rand.New(rand.NewSource(seed + int64(len(table))))}
		w.orders(z, table != "orders", comments)
	}
	return w.Flush()
}

// orders writes orders or their line items.
func (w *writer) orders(z sizes, lines bool, text *writer) {
	for i := range z.orders {
		key := i/8*32 + i%8 + 1
		cust := w.between(1, z.customer)
		for cust%3 == 0 && z.customer > 2 { // a third of the customers never orders
			cust = w.between(1, z.customer)
		}
		date := w.r.Intn(lastDay)
		n := w.between(1, 7)
		total, shipped := 0, 0
		for line := 1; line <= n; line++ {
			part := w.between(1, z.part)
			supp := z.supplierOf(part, w.r.Intn(4))
			qty, disc, tax := w.between(1, 50), w.between(0, 10), w.between(0, 8)
			price := qty * retailCents(part)
			ship := date + w.between(1, 121)
			commit, receipt := date+w.between(30, 90), ship+w.between(1, 30)
			flag, status := "N", "O"
			if pick := w.r.Intn(2); receipt <= today {
				flag = []string{"R", "A"}[pick]
			}
			if ship <= today {
				status = "F"
				shipped++
			}
			instruct, mode := w.one(instructs), w.one(modes)
			total += int(float64(price) * (1 + float64(tax)/100) * (1 - float64(disc)/100))
			if lines {
				w.row(key, part, supp, line, strconv.Itoa(qty), cents(price), cents(disc), cents(tax), flag, status,
					days[ship], days[commit], days[receipt], instruct, mode, text.comment(10, 43))
			}
		}
		priority, clerk := w.one(priorities), w.between(1, z.clerks)
		if lines {
			continue
		}
		status := "P"
		switch shipped {
		case n:
			status = "F"
		case 0:
			status = "O"
		}
		w.row(key, cust, status, cents(total), days[date], priority, fmt.Sprintf("Clerk#%09d", clerk), 0, text.comment(19, 78))
	}
}
