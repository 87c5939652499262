# SQLAlchemy's own tests of what a dialect must do, as it offers them to makers
# of dialects, run as they are against the database named by DATABASE_URL.
import pytest

pytest.register_assert_rewrite("sqlalchemy.testing.assertions")

from sqlalchemy.testing.plugin.pytestplugin import *  # noqa: E402,F401,F403
