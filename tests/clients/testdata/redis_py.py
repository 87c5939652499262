import sys, threading, time
import redis

port = int(sys.argv[1])
r = redis.Redis(port=port, decode_responses=True, client_name="py")
raw = redis.Redis(port=port)

assert r.ping() and r.echo("x") == "x"
assert r.client_getname() == "py" and r.client_id() > 0
assert r.info("server")["redis_version"].startswith("7.")
assert r.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}

everything = bytes(range(256))
raw.set(everything, everything)
assert raw.get(everything) == everything

assert r.set("k", "v", ex=100, nx=True) and not r.set("k", "w", nx=True)
assert 0 < r.ttl("k") <= 100 and r.persist("k") and r.ttl("k") == -1
assert r.mset({"a": 1, "b": 2}) and r.mget("a", "none", "b") == ["1", None, "2"]
assert r.incrby("n", 5) == 5 and r.incrbyfloat("f", 0.1) == 0.1

assert r.hset("h", mapping={"x": 1, "y": 2}) == 2 and r.hgetall("h") == {"x": "1", "y": "2"}
assert r.rpush("l", "a", "b", "c") == 3 and r.lrange("l", 0, -1) == ["a", "b", "c"]
assert r.sadd("s", "a", "b") == 2 and r.smembers("s") == {"a", "b"}
assert r.zadd("z", {"one": 1, "two": 2.5}) == 2
assert r.zrange("z", 0, -1, withscores=True) == [("one", 1.0), ("two", 2.5)]
assert sorted(r.scan_iter(match="[hlsz]")) == ["h", "l", "s", "z"]

try:
    r.lpush("k", "x")
    assert False
except redis.ResponseError as e:
    assert str(e) == "WRONGTYPE Operation against a key holding the wrong kind of value", e

with r.pipeline(transaction=True) as p:
    p.incr("n").incr("n").lpush("k", "x")
    n, m, error = p.execute(raise_on_error=False)
    assert (n, m) == (6, 7) and isinstance(error, redis.ResponseError)

with r.pipeline(transaction=False) as p:
    for i in range(1000):
        p.set("p%d" % i, i)
    assert all(p.execute())
assert r.dbsize() > 1000

with r.pipeline() as p:
    p.watch("n")
    r.incr("n")
    p.multi()
    p.set("n", 0)
    try:
        p.execute()
        assert False
    except redis.WatchError:
        pass

sub = r.pubsub()
sub.subscribe("news")
sub.psubscribe("n*")
assert [sub.get_message(timeout=5)["type"] for _ in range(2)] == ["subscribe", "psubscribe"]
assert r.publish("news", "hello") == 2
assert [sub.get_message(timeout=5)["data"] for _ in range(2)] == ["hello", "hello"]
sub.close()

got = []
t = threading.Thread(target=lambda: got.append(redis.Redis(port=port).blpop(["q1", "q2"], timeout=10)))
t.start()
time.sleep(0.1)
r.rpush("q2", "x")
t.join()
assert got == [(b"q2", b"x")], got
assert r.blpop("q1", timeout=1) is None

assert r.execute_command("SQL", "SELECT convert_from(value, 'UTF8') AS v, 1 AS one FROM kv.strings WHERE key = $1", "k") == [["v", "v", "one", 1]]
assert r.execute_command("SQL", "CREATE TABLE t (id int PRIMARY KEY)") == "CREATE TABLE"
with r.pipeline(transaction=True) as p:
    p.execute_command("SQL", "INSERT INTO t VALUES (1), (2)")
    p.set("both", "yes")
    assert p.execute() == ["INSERT 0 2", True]
try:
    r.execute_command("SQL", "SELECT * FROM nothing")
    assert False
except redis.ResponseError as e:
    assert str(e).startswith('SQL 42P01 relation "nothing" does not exist'), e

r.select(3)
assert r.get("k") is None
print("ok")
