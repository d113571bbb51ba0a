"""The edge: what the topics tell, for people and programs to look at, ask and act on (architecture §7).

Reading order: `store` (the registers in SQL), `projection` (topics into the store), `api`, `trace`, `alerts`,
`console`; `app` (the process), `watching` (how it is seen from outside), `measures` (where its figures go).

Imports domain and contract. Must never: decide anything of the business, or write to a topic that a worker writes.
SQLAlchemy, Alembic and psycopg are named in `store` alone.
"""
