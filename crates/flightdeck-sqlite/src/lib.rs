//! Opening SQLite safely: pragmas, version guard, migrations, audited changes, change feed.
