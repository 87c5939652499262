package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rowkey"
)

// demoSchema is the sample: employees, departments, orders.
const demoSchema = `
CREATE TABLE Departments (ID int PRIMARY KEY, DepartmentName text NOT NULL);
CREATE TABLE Employees (ID int PRIMARY KEY, Name text NOT NULL, Age int,
  DepartmentID int REFERENCES Departments (ID));
CREATE INDEX ON Employees (Age);
CREATE TABLE Orders (ID serial PRIMARY KEY, EmployeeID int REFERENCES Employees (ID),
  Item text, Price numeric(10, 2), Ordered date);
INSERT INTO Departments VALUES (1, 'Engineering'), (2, 'Sales'), (3, 'Research');
INSERT INTO Employees VALUES (1, 'Alice', 30, 1), (2, 'Bob', 24, 1), (3, 'Carol', 41, 2), (4, 'Dave', 28, 3), (5, 'Eve', 22, 2);
INSERT INTO Orders (EmployeeID, Item, Price, Ordered) VALUES
  (1, 'keyboard', 49.90, '2024-03-01'), (3, 'phone', 599.00, '2024-03-02'),
  (1, 'monitor', 219.50, '2024-03-05'), (4, 'books', 87.25, '2024-03-09');
`

// foundingJoin is the query that the project began with.
const foundingJoin = `SELECT Employees.Name, Departments.DepartmentName
FROM Employees JOIN Departments ON Employees.DepartmentID = Departments.ID
WHERE Employees.Age > 25;`

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show what it is in one run, in memory",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, args []string) error { return demo(cmd.Context(), cmd.OutOrStdout()) },
	}
}

func demo(ctx context.Context, out io.Writer) error {
	db, err := rowkey.Open(rowkey.Memory)
	if err != nil {
		return err
	}
	defer db.Close()
	fmt.Fprintln(out, "-- A database in memory, with a sample: departments, employees, orders.")
	if _, err := db.Exec(ctx, demoSchema); err != nil {
		return err
	}
	show := func(title, text string) error {
		fmt.Fprintf(out, "\n-- %s\n%s\n\n", title, strings.TrimSpace(text))
		rows, err := db.Query(ctx, text)
		if err != nil {
			return err
		}
		return printRows(out, rows)
	}
	for _, s := range []struct{ title, text string }{
		{"Who is older than 25, and where do they work?", foundingJoin},
		{"How the query becomes a plan, and the plan key reads:", "EXPLAIN (COSTS OFF, KV) " + foundingJoin},
		{"What each department spent:", `SELECT d.DepartmentName, count(*) AS orders, sum(o.Price) AS total
FROM Orders o JOIN Employees e ON e.ID = o.EmployeeID JOIN Departments d ON d.ID = e.DepartmentID
GROUP BY d.DepartmentName ORDER BY total DESC;`},
	} {
		if err := show(s.title, s.text); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "\n-- The same store as keys and values.")
	key, value := "user:100", `{"name": "Alice", "age": 30}`
	if err := db.KV().Set(ctx, []byte(key), []byte(value)); err != nil {
		return err
	}
	fmt.Fprintf(out, "SET %s '%s'\n", key, value)
	got, ok, err := db.KV().Get(ctx, []byte(key))
	if err != nil {
		return err
	}
	if !ok || string(got) != value {
		return fmt.Errorf("GET %s gave %q", key, got)
	}
	fmt.Fprintf(out, "GET %s → %s\n", key, got)
	return show("The entry is a row:", `SELECT convert_from(key, 'UTF8') AS key, convert_from(value, 'UTF8')::jsonb ->> 'name' AS name FROM kv.strings;`)
}
