-- Geometric types: forms, conversions, operators, subscripts, what is refused.
CREATE TABLE shapes (id int PRIMARY KEY, p point, s lseg, b box, h path, g polygon, l line, c circle);
INSERT INTO shapes VALUES
 (1, '(1,2)', '[(0,0),(3,4)]', '(3,4),(1,1)', '[(0,0),(1,1),(2,0)]', '((0,0),(4,0),(4,4),(0,4))', '{1,-1,0}', '<(0,0),5>'),
 (2, ' ( -1.5 , 1e3 ) ', '((1,1),(2,3))', '((0,0),(2,2))', '((0,0),(1,1),(2,0))', '(0,0),(1,1),(2,0)', '[(0,0),(1,2)]', '(1,2),3'),
 (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (4, '(nan,inf)', '[(1,1),(1,5)]', '(1,1),(1,1)', '(1,2)', '(5,5)', '(0,0),(0,1)', '((3,3),0)');
SELECT * FROM shapes ORDER BY id;
SELECT id, p[0], p[1], p[2], b[0], (b[1])[0], s[1], l[2] FROM shapes ORDER BY id;
SELECT a.id, b.id, a.b && b.b, a.b << b.b, a.b <@ b.b, a.b <-> b.b, a.b # b.b, a.b ~= b.b, a.b = b.b FROM shapes a, shapes b WHERE a.id < 3 AND b.id <> 3 ORDER BY 1, 2;
SELECT a.id, b.id, a.g && b.g, a.g @> b.g, a.g <-> b.g, a.g ~= b.g, b.g @> a.p FROM shapes a, shapes b WHERE a.id <> 3 AND b.id <> 3 ORDER BY 1, 2;
SELECT a.id, b.id, a.c && b.c, a.c <-> b.c, a.c < b.c, a.c + b.p, a.c @> b.p, a.p <-> b.c, a.c <-> b.g FROM shapes a, shapes b WHERE a.id < 3 AND b.id < 3 ORDER BY 1, 2;
SELECT a.id, b.id, a.s ?# b.s, a.s # b.s, a.s ## b.s, a.s <-> b.s, a.s ?|| b.s, a.s ?-| b.s, a.s <-> b.l, a.s ?# b.b FROM shapes a, shapes b WHERE a.id <> 3 AND b.id <> 3 ORDER BY 1, 2;
SELECT id, @-@ h, # h, isopen(h), pclose(h), area(pclose(h)), h ?# h, h <-> p, @@ c, @@ g, area(b), area(c), ?| l, ?- s FROM shapes WHERE id < 3 ORDER BY id;
SELECT id, box(p, point '(5,5)'), b::circle, c::box, g::circle, polygon(4, c), polygon(b), path(g), b::point, lseg(b) FROM shapes WHERE id < 3 ORDER BY id;
SELECT p * point '(0,1)', p / point '(1,1)', h + p, b * point '(2,0)' FROM shapes WHERE id < 3 ORDER BY id;
SELECT id FROM shapes WHERE p <@ box '(0,0),(10,10)' ORDER BY p <-> point '(0,0)';
SELECT ARRAY[box '(1,1),(0,0)', box '(2,2),(1,1)'], '{(1,1),(0,0);(2,2),(1,1)}'::box[], ARRAY[point '(1,2)', NULL];
CREATE VIEW corners AS SELECT id, b[0] AS ur, (b[1])[1] AS low FROM shapes;
SELECT pg_get_viewdef('corners');
SELECT * FROM corners ORDER BY id;
SELECT point '(1,2', lseg '1,2';
SELECT '(1,2)x'::point;
SELECT '[(1,2)]'::polygon;
SELECT '<(1,2),-1>'::circle;
SELECT '{0,0,1}'::line;
SELECT '(1e400,0)'::point;
SELECT '(1,2),(1,2)'::line;
SELECT point '(1,1)' / point '(0,0)';
SELECT polygon(path '[(0,0),(1,1)]');
SELECT polygon(1, circle '<(0,0),1>');
SELECT p FROM shapes ORDER BY p;
SELECT b, count(*) FROM shapes GROUP BY b;
SELECT DISTINCT p FROM shapes;
SELECT p = p FROM shapes;
CREATE INDEX ON shapes (p);
DROP VIEW corners;
DROP TABLE shapes;
