package types

import "time"

// Zone is a time zone as PostgreSQL names it: an IANA zone, a fixed offset or
// a POSIX specification.
type Zone struct {
	Name string // as SHOW TimeZone prints it
	Loc  *time.Location
}

// UTC is the zone of that name.
var UTC = &Zone{Name: "UTC", Loc: time.UTC}
