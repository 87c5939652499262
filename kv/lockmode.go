package kv

// LockMode is the strength of a lock. There are two families, each with the
// conflict table of PostgreSQL; a key is locked in modes of one family only.
//
// Row modes, for the key of a row:
//
//	              KeyShare  Share  NoKeyUpdate  Update
//	KeyShare                                      x
//	Share                              x          x
//	NoKeyUpdate               x        x          x
//	Update           x        x        x          x
//
// Table modes, for a table's lock name or an advisory lock (which uses TableShare
// and TableExclusive), are PostgreSQL's eight.
type LockMode uint8

const (
	// LockKeyShare: the row stays and keeps its key (foreign key checks).
	LockKeyShare LockMode = iota
	// LockShare: the row stays as it is.
	LockShare
	// LockNoKeyUpdate: the row is changed, leaving the key as it is.
	LockNoKeyUpdate
	// LockUpdate: the row is made, removed, or its key changed.
	LockUpdate
	// LockForNoKeyUpdate: nobody else changes the row (FOR NO KEY UPDATE).
	LockForNoKeyUpdate
	// LockForUpdate: nobody else changes or shares the row (FOR UPDATE).
	LockForUpdate
	// LockSettled is granted when no other holds NoKeyUpdate or Update: the newest version
	// is there to stay, though maybe not for long. Nobody waits for its holders.
	LockSettled

	LockTableAccessShare
	LockTableRowShare
	LockTableRowExclusive
	LockTableShareUpdateExclusive
	LockTableShare
	LockTableShareRowExclusive
	LockTableExclusive
	LockTableAccessExclusive

	// NumLockModes is their number.
	NumLockModes
)

// lockConflicts[m] has bit n set if m and n of different owners exclude each other.
var lockConflicts = func() (c [NumLockModes]uint16) {
	pairs := [][]LockMode{
		LockKeyShare:       {LockUpdate, LockForUpdate},
		LockShare:          {LockNoKeyUpdate, LockUpdate, LockForNoKeyUpdate, LockForUpdate},
		LockNoKeyUpdate:    {LockShare, LockNoKeyUpdate, LockUpdate, LockForNoKeyUpdate, LockForUpdate},
		LockUpdate:         {LockKeyShare, LockShare, LockNoKeyUpdate, LockUpdate, LockForNoKeyUpdate, LockForUpdate},
		LockForNoKeyUpdate: {LockShare, LockNoKeyUpdate, LockUpdate, LockForNoKeyUpdate, LockForUpdate},
		LockForUpdate:      {LockKeyShare, LockShare, LockNoKeyUpdate, LockUpdate, LockForNoKeyUpdate, LockForUpdate},
		LockSettled:        {LockNoKeyUpdate, LockUpdate},

		LockTableAccessShare:  {LockTableAccessExclusive},
		LockTableRowShare:     {LockTableExclusive, LockTableAccessExclusive},
		LockTableRowExclusive: {LockTableShare, LockTableShareRowExclusive, LockTableExclusive, LockTableAccessExclusive},
		LockTableShareUpdateExclusive: {LockTableShareUpdateExclusive, LockTableShare, LockTableShareRowExclusive,
			LockTableExclusive, LockTableAccessExclusive},
		LockTableShare: {LockTableRowExclusive, LockTableShareUpdateExclusive, LockTableShareRowExclusive,
			LockTableExclusive, LockTableAccessExclusive},
		LockTableShareRowExclusive: {LockTableRowExclusive, LockTableShareUpdateExclusive, LockTableShare,
			LockTableShareRowExclusive, LockTableExclusive, LockTableAccessExclusive},
		LockTableExclusive: {LockTableRowShare, LockTableRowExclusive, LockTableShareUpdateExclusive, LockTableShare,
			LockTableShareRowExclusive, LockTableExclusive, LockTableAccessExclusive},
		LockTableAccessExclusive: {LockTableAccessShare, LockTableRowShare, LockTableRowExclusive,
			LockTableShareUpdateExclusive, LockTableShare, LockTableShareRowExclusive, LockTableExclusive,
			LockTableAccessExclusive},
	}
	for m, with := range pairs {
		for _, n := range with {
			c[m] |= 1 << n
		}
	}
	return c
}()

// Conflicts is the set of modes, as bits 1<<mode, that m excludes when held by others.
func (m LockMode) Conflicts() uint16 { return lockConflicts[m] }

// Row reports whether m is one of the row modes.
func (m LockMode) Row() bool { return m <= LockSettled }

// Covers is the set of modes, as bits, whose holders need not ask for m again.
func (m LockMode) Covers() uint16 {
	switch m {
	case LockKeyShare:
		return 1<<LockKeyShare | 1<<LockShare | 1<<LockNoKeyUpdate | 1<<LockUpdate | 1<<LockForNoKeyUpdate | 1<<LockForUpdate
	case LockShare:
		return 1<<LockShare | 1<<LockUpdate | 1<<LockForUpdate
	case LockNoKeyUpdate:
		return 1<<LockNoKeyUpdate | 1<<LockUpdate
	case LockForNoKeyUpdate:
		// Not by NoKeyUpdate or Update: who finds that there is nothing to change after all
		// asks for this one and gives up the other.
		return 1<<LockForNoKeyUpdate | 1<<LockForUpdate
	}
	return 1 << m
}

func (m LockMode) String() string {
	names := [NumLockModes]string{"KEY SHARE", "SHARE", "NO KEY UPDATE", "UPDATE",
		"FOR NO KEY UPDATE", "FOR UPDATE", "SETTLED",
		"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
		"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}
	if m < NumLockModes {
		return names[m]
	}
	return "unknown lock mode"
}

func (l Isolation) String() string {
	switch l {
	case ReadCommitted:
		return "read committed"
	case RepeatableRead:
		return "repeatable read"
	case Serializable:
		return "serializable"
	}
	return "unknown isolation level"
}
