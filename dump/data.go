package dump

// rows writes what tables hold.
func (d *dumper) rows() {
	for _, r := range d.query(`SELECT n.nspname, c.relname, COALESCE((SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
			WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '')
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND ` + own + ` ORDER BY 1, 2`) {
		columns := "(" + r[2] + ") "
		if r[2] == "" {
			columns = ""
		}
		d.printf("\nCOPY %s %sFROM stdin;\n", name(r[0], r[1]), columns)
		if d.err != nil {
			return
		}
		if _, d.err = d.conn.CopyTo(d.ctx, d.w, "COPY "+name(r[0], r[1])+" "+columns+"TO STDOUT"); d.err != nil {
			return
		}
		d.print("\\.\n")
	}
}

// positions writes where sequences stand.
func (d *dumper) positions() {
	d.print("\n")
	for _, r := range d.query(`SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ` + own + ` ORDER BY 1, 2`) {
		for _, p := range d.query(`SELECT last_value, is_called FROM ` + name(r[0], r[1])) {
			called := "false"
			if p[1] == "t" {
				called = "true"
			}
			d.printf("SELECT pg_catalog.setval(%s, %s, %s);\n", literal(name(r[0], r[1])), p[0], called)
		}
	}
}
