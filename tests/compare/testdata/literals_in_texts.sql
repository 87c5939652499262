-- Statements that differ in their literals only: a session that has seen two of them
-- need not read and plan the third.
CREATE DOMAIN lit_pos AS int CHECK (value > 0);
CREATE DOMAIN lit_some AS text NOT NULL CHECK (value <> '');
CREATE TYPE lit_row AS (p lit_pos, q int);
CREATE TABLE lit (id int PRIMARY KEY, d lit_pos, s lit_some, a lit_pos[], r lit_row, n numeric(6,2), v varchar(4), c char(3), i2 int2, i8 int8, y interval year, ts timestamp(0));
INSERT INTO lit (id, d, s) VALUES (1, 1, 'a');
INSERT INTO lit (id, d, s) VALUES (2, 2, 'b');
INSERT INTO lit (id, d, s) VALUES (3, 3, 'c');
INSERT INTO lit (id, d, s) VALUES (4, -4, 'd');
INSERT INTO lit (id, d, s) VALUES (5, 5, '');
INSERT INTO lit (id, d, s) VALUES (3, 3, 'c');
INSERT INTO lit (id, d, s) VALUES ('x', 3, 'c');
-- domains, and what has them inside
UPDATE lit SET s = 'k' WHERE id = 1;
UPDATE lit SET s = 'l' WHERE id = 1;
UPDATE lit SET s = 'm' WHERE id = 1;
UPDATE lit SET s = '' WHERE id = 1;
UPDATE lit SET d = '5' WHERE id = 1;
UPDATE lit SET d = '6' WHERE id = 1;
UPDATE lit SET d = '-7' WHERE id = 1;
UPDATE lit SET d = '-8' WHERE id = 1;
UPDATE lit SET d = 8 WHERE id = 1;
UPDATE lit SET d = 9 WHERE id = 1;
UPDATE lit SET d = -9 WHERE id = 1;
UPDATE lit SET d = d - 1 WHERE id = 1;
UPDATE lit SET d = d - 2 WHERE id = 1;
UPDATE lit SET d = d - 3 WHERE id = 1;
UPDATE lit SET d = d - 30 WHERE id = 1;
UPDATE lit SET a = '{1,2}' WHERE id = 1;
UPDATE lit SET a = '{3,4}' WHERE id = 1;
-- differs: PostgreSQL checks what is in a literal as it reads it, and says where it stands
UPDATE lit SET a = '{-3,4}' WHERE id = 1;
-- differs: PostgreSQL checks what is in a literal as it reads it, and says where it stands
UPDATE lit SET a = '{-4,4}' WHERE id = 1;
UPDATE lit SET r = '(1,2)' WHERE id = 1;
UPDATE lit SET r = '(3,2)' WHERE id = 1;
-- differs: PostgreSQL checks what is in a literal as it reads it, and says where it stands
UPDATE lit SET r = '(-3,2)' WHERE id = 1;
-- differs: PostgreSQL checks what is in a literal as it reads it, and says where it stands
UPDATE lit SET r = '(-4,2)' WHERE id = 1;
-- the same text, but for the kind of the literal
SELECT id, s FROM lit WHERE id = '1';
SELECT id, s FROM lit WHERE id = '2';
SELECT id, s FROM lit WHERE id = '3';
SELECT id, s FROM lit WHERE id = 3;
SELECT id, s FROM lit WHERE id = 2;
SELECT id, s FROM lit WHERE id = 1;
SELECT id, s FROM lit WHERE id = 1.5;
SELECT id, s FROM lit WHERE id = 1.0;
SELECT id, s FROM lit WHERE id = 2.0;
SELECT id, s FROM lit WHERE id = 3000000000;
SELECT id, s FROM lit WHERE id = 3000000001;
SELECT id, s FROM lit WHERE id = 'one';
CREATE TABLE lit_text (k text PRIMARY KEY, v int);
INSERT INTO lit_text VALUES ('a', 1), ('5', 2);
SELECT v FROM lit_text WHERE k = 'a';
SELECT v FROM lit_text WHERE k = '5';
SELECT v FROM lit_text WHERE k = 'a';
SELECT v FROM lit_text WHERE k = 5;
SELECT v FROM lit_text WHERE k = 6;
SELECT v FROM lit_text WHERE k = 7;
-- lengths, scales and ranges
INSERT INTO lit (id, s, n, v, c) VALUES (11, 'x', 1.005, 'abcd', 'a');
INSERT INTO lit (id, s, n, v, c) VALUES (12, 'x', 1.015, 'ab', 'b');
INSERT INTO lit (id, s, n, v, c) VALUES (13, 'x', -1.025, 'abcd  ', 'c');
INSERT INTO lit (id, s, n, v, c) VALUES (14, 'x', 12345.6, 'ab', 'd');
INSERT INTO lit (id, s, n, v, c) VALUES (15, 'x', 1.5, 'abcde', 'd');
INSERT INTO lit (id, s, n, v, c) VALUES (16, 'x', 1.5, 'abc', 'dddd');
INSERT INTO lit (id, s, n, v, c) VALUES (17, 'x', 1, 'abc', 'ddd');
INSERT INTO lit (id, s, n, v, c) VALUES (18, 'x', '2.5', 'abc', 'ddd');
INSERT INTO lit (id, s, i2, i8) VALUES (21, 'x', 1, 1);
INSERT INTO lit (id, s, i2, i8) VALUES (22, 'x', -2, -2);
INSERT INTO lit (id, s, i2, i8) VALUES (23, 'x', 32768, 3);
INSERT INTO lit (id, s, i2, i8) VALUES (24, 'x', 4, 4000000000);
INSERT INTO lit (id, s, i2, i8) VALUES (25, 'x', 5, -5000000000);
INSERT INTO lit (id, s, i2, i8) VALUES (26, 'x', 6, 9223372036854775808);
INSERT INTO lit (id, s, i2, i8) VALUES (3000000000, 'x', 6, 6);
INSERT INTO lit (id, s, i2, i8) VALUES (1.5, 'x', 6, 6) RETURNING id, i2 = 6;
INSERT INTO lit (id, s, i2, i8) VALUES (31.5, 'x', 7, 6) RETURNING id, i2 = 6;
INSERT INTO lit (id, s, i2, i8) VALUES (41.4, 'x', 7, 6) RETURNING id, i2 = 7;
INSERT INTO lit (id, s, i2, i8) VALUES (43, 'x', 7, 6), (44, 'y', 8, 9);
INSERT INTO lit (id, s, i2, i8) VALUES (45, 'x', 7, 6), (46, 'y', 8, 9);
INSERT INTO lit (id, s, i2, i8) VALUES (47, 'x', 7, 6), (48, '', 8, 9);
INSERT INTO lit (id, s, i2, i8) VALUES (49, 'x', 7, 6), (49, 'y', 8, 9);
INSERT INTO lit (id, s, i2, i8) VALUES (51, 'x', 7, 6), (52, 'y', 8);
-- fields of intervals, times of today
INSERT INTO lit (id, s, y, ts) VALUES (61, 'x', '1', '2020-01-01 00:00:00.5');
INSERT INTO lit (id, s, y, ts) VALUES (62, 'x', '2', '2020-01-01 00:00:01.5');
INSERT INTO lit (id, s, y, ts) VALUES (63, 'x', '3', 'infinity');
UPDATE lit SET y = '4' WHERE id = 61;
UPDATE lit SET y = '5' WHERE id = 61;
UPDATE lit SET y = '6' WHERE id = 61;
-- what two literals give is known before rows are read
UPDATE lit SET i8 = 5 / 0 WHERE id = 777;
UPDATE lit SET i8 = 6 / 0 WHERE id = 777;
UPDATE lit SET i8 = 7 / 0 WHERE id = 777;
UPDATE lit SET i8 = i8 + 5 / 0 WHERE id = 777;
UPDATE lit SET i8 = i8 + 6 / 0 WHERE id = 777;
UPDATE lit SET i8 = i8 + 7 / 0 WHERE id = 777;
UPDATE lit SET i2 = i2 + 1 WHERE id = 21;
UPDATE lit SET i2 = i2 + 2 WHERE id = 21;
UPDATE lit SET i2 = i2 + -3 WHERE id = 21;
UPDATE lit SET i2 = i2 + 32767 WHERE id = 21;
UPDATE lit SET i2 = i2 + 2147483647 WHERE id = 21;
UPDATE lit SET i2 = i2 * 3, n = 7.125 WHERE id = 21;
UPDATE lit SET i2 = i2 * 4, n = 7.135 WHERE id = 21;
UPDATE lit SET i2 = i2 * 5, n = 7.145 WHERE id = 21;
UPDATE lit SET v = v + 1 WHERE id = 21;
UPDATE lit SET v = v + 2 WHERE id = 21;
UPDATE lit SET v = v + 3 WHERE id = 21;
DELETE FROM lit WHERE id = 61;
DELETE FROM lit WHERE id = 62;
DELETE FROM lit WHERE id = 63;
DELETE FROM lit WHERE id = 63;
-- the definitions change between texts
ALTER TABLE lit ALTER v TYPE int USING 0;
UPDATE lit SET v = v + 3 WHERE id = 21;
UPDATE lit SET v = v + 4 WHERE id = 21;
UPDATE lit SET v = v + 5 WHERE id = 21;
ALTER DOMAIN lit_some DROP CONSTRAINT lit_some_check;
UPDATE lit SET s = '' WHERE id = 21;
ALTER TABLE lit DROP CONSTRAINT lit_pkey;
INSERT INTO lit (id, s, i2, i8) VALUES (43, 'x', 7, 6), (44, 'y', 8, 9);
INSERT INTO lit (id, s, i2, i8) VALUES (43, 'x', 7, 6), (44, 'y', 8, 9);
UPDATE lit SET v = 9 WHERE id = 43;
SELECT * FROM lit ORDER BY id, i8;
