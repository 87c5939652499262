-- Characters whose case does not matter, and LIMIT 0, which runs nothing below.
select true from lateral string_to_table(to_char(to_date('x', 'Mon'), 'x'), 'a') v order by 1 limit 0;
select true from string_to_table(to_char(to_date('x', 'Mon'), 'x'), 'a') v limit 0;
select v from string_to_table(to_char(to_date('x', 'Mon'), 'x'), 'a') v order by 1 limit 0;
select to_date('x', 'Mon') limit 0;
select to_date('x', 'Mon') from (values (1)) x order by 1 limit 0;
select 'Europe/Berlin' ~* 'İ', 'I' ~* 'İ', 'i' ~* 'İ', 'İ' ~* 'i', 'İ' ~* 'I', 'ı' ~* 'I', 'I' ~* 'ı', 'i' ~* 'ı', 'ſ' ~* 's', 's' ~* 'ſ', 'S' ~* 'ſ', 'K' ~* 'k', 'k' ~* 'K', 'ß' ~* 'ẞ', 'ẞ' ~* 'ß', 'Å' ~* 'å', 'ς' ~* 'σ', 'σ' ~* 'ς', 'Σ' ~* 'ς', 'ǅ' ~* 'ǆ', 'ǆ' ~* 'Ǆ', 'Ǆ' ~* 'ǅ', 'µ' ~* 'μ', 'i' ~* '[İ]', 'i' ~* '[Ĭ-ı]', 'ʼn' ~* 'ʼN', 'é' ~* 'É';
select count(*), string_agg(to_hex(c), ',') from generate_series(128, 65000) c where c not between 55296 and 57343 and lower(chr(c)) <> upper(chr(c)) and not (lower(chr(c)) ~* chr(c));
select count(*), string_agg(to_hex(c), ',') from generate_series(128, 65000) c where c not between 55296 and 57343 and lower(chr(c)) <> upper(chr(c)) and not (upper(chr(c)) ~* chr(c));
select count(*), string_agg(to_hex(c), ',') from generate_series(128, 65000) c where c not between 55296 and 57343 and lower(chr(c)) <> upper(chr(c)) and (chr(c) ~* lower(chr(c)));
select count(*), string_agg(to_hex(c), ',') from generate_series(128, 65000) c where c not between 55296 and 57343 and chr(c) ~* '[a-z]';
select count(*), string_agg(to_hex(c), ',') from generate_series(128, 65000) c where c not between 55296 and 57343 and chr(c) ~* '[^à-ÿĀ-ſ]' and c < 1000;
