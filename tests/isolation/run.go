package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// runner runs the permutations of one specification.
type runner struct {
	spec    *spec
	control *conn
	conns   []*conn // by session
	pids    string  // of the sessions, as an array
	out     strings.Builder
	waiting []*permStep
	fresh   bool // a notice has come
	limit   time.Duration
	// refused is the first feature that the server said it has not (0A000) in the
	// permutation at work.
	refused string
}

// newRunner connects the sessions.
func newRunner(ctx context.Context, url string, s *spec, limit time.Duration) (*runner, error) {
	r := &runner{spec: s, limit: limit}
	var err error
	if r.control, err = dial(ctx, url, "control connection"); err != nil {
		return nil, err
	}
	var pids []string
	for _, ss := range s.sessions {
		c, err := dial(ctx, url, ss.name)
		if err != nil {
			r.close()
			return nil, err
		}
		c.onNotice = func(n *pgproto3.NoticeResponse) {
			r.fresh = true
			fmt.Fprintf(&r.out, "%s: %s:  %s\n", c.name, n.Severity, n.Message)
			if n.Detail != "" {
				fmt.Fprintf(&r.out, "DETAIL:  %s\n", n.Detail)
			}
			if n.Hint != "" {
				fmt.Fprintf(&r.out, "HINT:  %s\n", n.Hint)
			}
		}
		r.conns = append(r.conns, c)
		pids = append(pids, fmt.Sprint(c.pid))
	}
	r.pids = strings.Join(pids, ",")
	return r, nil
}

func (r *runner) close() {
	for _, c := range append(r.conns, r.control) {
		if c != nil {
			c.close()
		}
	}
}

// errSetup tells that a permutation could not begin.
type errSetup struct{ err error }

func (e errSetup) Error() string { return "setup failed: " + e.err.Error() }

// around runs a setup or teardown.
func (r *runner) around(c *conn, sql string) error {
	if sql == "" {
		return nil
	}
	results, err := c.exec(sql)
	if err != nil {
		return err
	}
	for _, res := range results {
		if res.err != nil {
			r.note(res.err)
			return fmt.Errorf("%s (%s)", res.err.message, res.err.code)
		}
	}
	if n := len(results); n > 0 && results[n-1].hasSet { // PQexec keeps the last result
		results[n-1].print(&r.out)
	}
	return nil
}

func (r *runner) note(e *errorInfo) {
	if e.code == "0A000" && r.refused == "" {
		r.refused = e.message
	}
}

// run runs one permutation and gives its output.
func (r *runner) run(perm []*permStep) (string, error) {
	r.out.Reset()
	r.waiting, r.refused = nil, ""
	r.out.WriteString(title(perm) + "\n")
	for _, sql := range r.spec.setups {
		if err := r.around(r.control, sql); err != nil {
			return r.out.String(), errSetup{err}
		}
	}
	for i, ss := range r.spec.sessions {
		if err := r.around(r.conns[i], ss.setup); err != nil {
			return r.out.String(), errSetup{err}
		}
	}
	for _, ps := range perm {
		if err := r.launch(ps); err != nil {
			return r.out.String(), err
		}
	}
	if err := r.completeWaiting(false); err != nil {
		return r.out.String(), err
	}
	if len(r.waiting) > 0 {
		return r.out.String(), errors.New("failed to complete permutation due to mutually-blocking steps")
	}
	r.teardown()
	return r.out.String(), nil
}

// teardown cleans up. Its failures are no concern of the test.
func (r *runner) teardown() {
	for i, ss := range r.spec.sessions {
		r.around(r.conns[i], ss.teardown)
	}
	r.around(r.control, r.spec.teardown)
}

// launch starts a step, after the one before on its connection has ended.
func (r *runner) launch(ps *permStep) error {
	c := r.conns[ps.step.session]
	start := time.Now()
	for c.active != nil {
		old := c.active
		blocked, err := r.complete(old, false, true)
		if err != nil {
			return err
		}
		if !blocked {
			r.waiting = slices.DeleteFunc(r.waiting, func(p *permStep) bool { return p == old })
		}
		if err := r.completeWaiting(true); err != nil {
			return err
		}
		if c.active != nil && time.Since(start) > 2*r.limit {
			return fmt.Errorf("step %s timed out", c.active.step.name)
		}
	}
	if err := c.send(ps.step.sql); err != nil {
		return err
	}
	c.active = ps
	for _, b := range ps.blockers {
		if b.notices > 0 {
			b.target = b.notices + r.conns[b.step.session].notices
		}
	}
	blocked, err := r.complete(ps, true, false)
	if err != nil {
		return err
	}
	if err := r.completeWaiting(true); err != nil {
		return err
	}
	if blocked {
		r.waiting = append(r.waiting, ps)
	}
	return nil
}

// completeWaiting looks which of the waiting steps have ended.
func (r *runner) completeWaiting(mayBlock bool) error {
	for {
		r.fresh = false
		before, blockers := len(r.waiting), false
		for w := 0; w < len(r.waiting); {
			blocked, err := r.complete(r.waiting[w], mayBlock, true)
			if err != nil {
				return err
			}
			if blocked {
				blockers = blockers || len(r.waiting[w].blockers) > 0
				w++
				continue
			}
			r.waiting = slices.Delete(r.waiting, w, w+1)
		}
		if !blockers || len(r.waiting) == before && !r.fresh {
			return nil
		}
	}
}

// complete waits for a step to end, or, where it may, to wait for a lock;
// then it is blocked. A step whose blockers are not satisfied is so too.
func (r *runner) complete(ps *permStep, mayBlock, retry bool) (blocked bool, err error) {
	st := ps.step
	c := r.conns[st.session]
	if !retry {
		for _, b := range ps.blockers {
			if b.once {
				fmt.Fprintf(&r.out, "step %s: %s <waiting ...>\n", st.name, st.sql)
				return true, nil
			}
		}
	}
	start, canceled := time.Now(), false
	for !c.poll(10 * time.Millisecond) {
		if mayBlock {
			waits, err := r.isBlocked(c)
			if err != nil {
				return false, err
			}
			if waits {
				c.drain()
				if !c.busy {
					break
				}
				if !retry {
					fmt.Fprintf(&r.out, "step %s: %s <waiting ...>\n", st.name, st.sql)
				}
				return true, nil
			}
		}
		if time.Since(start) > r.limit && !canceled {
			fmt.Fprintf(&r.out, "isolationtester: canceling step %s\n", st.name)
			c.cancel()
			canceled = true
		}
		if time.Since(start) > 2*r.limit {
			return false, fmt.Errorf("step %s timed out", st.name)
		}
	}
	if r.hasBlocker(ps) {
		if !retry {
			fmt.Fprintf(&r.out, "step %s: %s <waiting ...>\n", st.name, st.sql)
		}
		return true, nil
	}
	if retry {
		fmt.Fprintf(&r.out, "step %s: <... completed>\n", st.name)
	} else {
		fmt.Fprintf(&r.out, "step %s: %s\n", st.name, st.sql)
	}
	for _, res := range c.results {
		switch {
		case res.err != nil:
			r.note(res.err)
			fmt.Fprintf(&r.out, "%s:  %s\n", res.err.severity, res.err.message)
		case res.hasSet:
			res.print(&r.out)
		}
	}
	if c.ended != nil {
		r.out.WriteString("server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.\n\n")
	}
	r.tellNotifies(c)
	c.active = nil
	return false, nil
}

func (r *runner) tellNotifies(c *conn) {
	c.drain()
	for _, n := range c.notifies {
		from := fmt.Sprintf("PID %d", n.PID)
		for _, o := range r.conns {
			if o.pid == n.PID {
				from = o.name
			}
		}
		fmt.Fprintf(&r.out, "%s: NOTIFY \"%s\" with payload \"%s\" from %s\n", c.name, n.Channel, n.Payload, from)
	}
	c.notifies = nil
}

// isBlocked asks the server whether a session waits for another of the test.
func (r *runner) isBlocked(c *conn) (bool, error) {
	res, err := r.control.exec(fmt.Sprintf("SELECT pg_catalog.pg_isolation_test_session_is_blocked(%d, '{%s}')", c.pid, r.pids))
	if err != nil {
		return false, err
	}
	if res[0].err != nil {
		return false, errors.New(res[0].err.message)
	}
	return res[0].rows[0][0] == "t", nil
}

func (r *runner) hasBlocker(ps *permStep) bool {
	for _, b := range ps.blockers {
		if b.once {
			continue
		}
		c := r.conns[b.step.session]
		if b.notices > 0 && c.notices < b.target || b.notices == 0 && c.active != nil && c.active.step == b.step {
			return true
		}
	}
	return false
}
