# What the tests may ask of the database: all that PostgreSQL 15 through psycopg2
# is able to do. Each name below was seen to fail on PostgreSQL itself, or is about
# another kind of database.
from sqlalchemy.testing import exclusions
from sqlalchemy.testing.requirements import SuiteRequirements

NOT_OF_POSTGRESQL = """
bound_limit_offset cextensions computed_columns_virtual datetime_literals dbapi_lastrowid
default_schema_name_switch denormalized_names emulated_lastrowid emulated_lastrowid_even_with_sequences
expressions_against_unbounded_text fetch_expression fetch_percent gc_static implements_get_lastrowid
implicit_default_schema legacy_unconditional_json_extract literal_float_coercion memory_intensive
supports_lastrowid temp_table_names timing_intensive two_phase_recovery two_phase_transactions
unbounded_varchar uppercase_column_names
""".split()


class Requirements(SuiteRequirements):
    def get_isolation_levels(self, config):
        levels = ["SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED", "READ UNCOMMITTED", "AUTOCOMMIT"]
        return {"default": "READ COMMITTED", "supported": levels}

    def get_order_by_collation(self, config):
        return "POSIX"


for name in dir(SuiteRequirements):
    opened = name not in NOT_OF_POSTGRESQL
    if opened and isinstance(getattr(SuiteRequirements, name), property):
        setattr(Requirements, name, property(lambda self: exclusions.open()))
