package pgwire

import "net"

// input is a connection's incoming side. It keeps count of what was read from the
// network and not yet taken as messages, so that COPY FROM STDIN can tell whether the
// client has more to say before waiting for it.
type input struct {
	net.Conn          // what messages are read from: the socket, or TLS above it
	sock     net.Conn // the socket
	have     int      // bytes read ahead, at least
}

func (in *input) Read(p []byte) (int, error) {
	n, err := in.Conn.Read(p)
	in.have += n
	return n, err
}

// took notes that a message of n bytes was taken.
func (in *input) took(n int) { in.have = max(0, in.have-n) }

// ready tells whether there is something to read without waiting.
func (in *input) ready() bool { return in.have > 0 || pending(in.sock) }
