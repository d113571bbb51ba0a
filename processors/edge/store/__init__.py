"""The registers and histories in SQL: one table a topic, on SQLite (a file) or PostgreSQL.

Reading order: `column_types` (how numbers, days and times are kept), `tables` (the tables, made from the records),
`engine` (a database by its URL), `migrations` and `upgrade` (the tables as they became), `views` (SQLite for people),
`changes` (records as rows), `writing` (rows and offsets in one transaction), `leading` (which edge may), `generations`
(a rebuilt store beside the one in use), `queries_offsets` (how far the store is).

Only here SQLAlchemy, Alembic and psycopg are imported; whoever wants to ask the store does it in a `queries_*` module
of this folder. Must never: read a topic.
"""
